import type { JudgedImage } from '../../anomaly/evaluation/evaluation.ts';
import { bytesInPage, type Pictures, type ReportPictures } from './pictures.ts';

/** Images by what became of them. */
export interface PictureCounts {
  missed: number;
  falseAlarms: number;
  others: number;
}

/** Of how many images a page has pictures, and of how many it had no room for any. */
export interface PicturesReport {
  /** The most bytes that pictures may take in the page, and how many they take. */
  budget: number;
  bytes: number;
  kept: PictureCounts;
  leftOut: PictureCounts;
}

/** What decides whether an image's pictures are kept. */
export type PicturedImage = Pick<JudgedImage, 'file' | 'verdict' | 'threshold'> & {
  /** That by which images are flagged. */
  score: number;
};

interface Entry {
  file: string;
  kind: keyof PictureCounts;
  place: Place;
  pictures: Pictures;
  bytes: number;
}

/** What is smaller stays longer: compared by the first number, then by the second. */
type Place = readonly [number, number];

const KINDS = ['missed', 'falseAlarms', 'others'] as const;
/** Multiples of it, without what is before the point, never lie close together: the smallest n of N are evenly spread over all N. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Keeps pictures up to a budget while images come one after another, in whatever order: first of missed images, the lowest score first,
 * then of false alarms, the highest first, then of others, evenly spread. It never holds more than the budget and one image.
 */
export class KeptPictures {
  /** By place. */
  private readonly entries: Entry[] = [];
  private readonly seen: PictureCounts = { missed: 0, falseAlarms: 0, others: 0 };
  private bytes = 0;
  /** From here on there is no room. */
  private end: Place = [KINDS.length, 0];

  /** @param budget in bytes of the page */
  constructor(private readonly budget: number) {}

  /** Counts an image of which there are no pictures. */
  leaveOut(image: PicturedImage): void {
    this.seen[kindOf(image)] += 1;
  }

  /** @param encode called where there may be room */
  async add(image: PicturedImage, encode: () => Promise<Pictures>): Promise<void> {
    const kind = kindOf(image);
    const place = this.placeOf(kind, image);
    this.seen[kind] += 1;
    if (!isBefore(place, this.end)) return;
    const pictures = await encode();
    const entry = { file: image.file, kind, place, pictures, bytes: bytesInPage(pictures) };
    const next = this.entries.findIndex((other) => isBefore(place, other.place));
    this.entries.splice(next < 0 ? this.entries.length : next, 0, entry);
    this.bytes += entry.bytes;
    while (this.bytes > this.budget) this.dropLast();
  }

  get pictures(): ReportPictures {
    return new Map(this.entries.map(({ file, pictures }) => [file, pictures]));
  }

  report(): PicturesReport {
    const { budget, bytes, seen } = this;
    const kept = countsOf((kind) => this.entries.filter((entry) => entry.kind === kind).length);
    return { budget, bytes, kept, leftOut: countsOf((kind) => seen[kind] - kept[kind]) };
  }

  private placeOf(kind: keyof PictureCounts, { score, threshold }: PicturedImage): Place {
    const within = kind === 'others' ? (this.seen.others * GOLDEN) % 1 : -Math.abs(score - threshold);
    return [KINDS.indexOf(kind), within];
  }

  private dropLast(): void {
    const last = this.entries.pop();
    if (!last) return;
    this.bytes -= last.bytes;
    this.end = last.place;
  }
}

function kindOf({ verdict }: PicturedImage): keyof PictureCounts {
  return verdict === 'missed' ? 'missed' : verdict === 'false alarm' ? 'falseAlarms' : 'others';
}

function countsOf(count: (kind: keyof PictureCounts) => number): PictureCounts {
  return { missed: count('missed'), falseAlarms: count('falseAlarms'), others: count('others') };
}

function isBefore(a: Place, b: Place): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}
