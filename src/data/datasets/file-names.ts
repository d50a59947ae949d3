import { CyclopsError } from '../../gpu/errors.ts';
import { withoutGuard } from '../files/csv.ts';

/**
 * Finds the file that a list or a table means. The exact name comes first. Else `\` counts as `/`, `./` in front for nothing, and an
 * apostrophe that keeps spreadsheets from running a name for none. Else the same name in another Unicode form fits: a Mac may
 * write ö as o and dots.
 */
export class FileNames {
  private readonly files: ReadonlySet<string>;
  private readonly byForm: ReadonlyMap<string, readonly string[]>;

  /** @param files relative to the data folder, with `/` */
  constructor(files: Iterable<string>) {
    this.files = new Set(files);
    this.byForm = byUnicodeForm(this.files);
  }

  /**
   * @param source the list that names it, for messages
   * @returns undefined where none fits @throws CyclopsError where several do, each in another Unicode form
   */
  find(written: string, source: string): string | undefined {
    const readings = readingsOf(written);
    const exact = readings.find((name) => this.files.has(name));
    if (exact !== undefined) return exact;
    const alike = readings.map((name) => this.byForm.get(unicodeForm(name)) ?? []).find((files) => files.length > 0);
    if (alike === undefined || alike.length === 1) return alike?.[0];
    throw new CyclopsError(
      `${source} names ${written}, which is the name of ${alike.length} files in other Unicode forms (${alike.map(spelled).join(', ')}) and of ` +
        'none exactly. Rename all but one of them, or write the one that is meant in its own form.',
    );
  }

  /** What may be wrong with a name that no file has; nothing where nobody knows. */
  hint(written: string): string {
    const lower = new Set(readingsOf(written).map((name) => unicodeForm(name).toLowerCase()));
    const other = [...this.files].find((file) => lower.has(unicodeForm(file).toLowerCase()));
    return other === undefined ? '' : ` There is ${other}: small and capital letters differ.`;
  }
}

/**
 * Which file belongs to which image, by their stems: that of exactly the same stem, else the only one of the same stem in another
 * Unicode form.
 *
 * @param source the folder of the files, for messages @throws CyclopsError where several would fit one another
 */
export function matchStems(
  images: Iterable<string>,
  files: ReadonlyMap<string, string>,
  source: string,
): Map<string, string> {
  const wanted = new Set(images);
  const matches = new Map([...files].filter(([stem]) => wanted.has(stem)));
  const open = byUnicodeForm([...wanted].filter((stem) => !matches.has(stem)));
  const given = byUnicodeForm([...files.keys()].filter((stem) => !matches.has(stem)));
  for (const [form, stems] of given) {
    const [image, ...others] = open.get(form) ?? [];
    const file = files.get(stems[0] ?? '');
    if (image === undefined || file === undefined) continue;
    if (stems.length > 1 || others.length > 0) {
      throw new CyclopsError(
        `${source}: ${stems.map(spelled).join(', ')} and the images ${[image, ...others].map(spelled).join(', ')} are the same name in different Unicode ` +
          'forms, so that nobody knows which belong together. Rename them.',
      );
    }
    matches.set(image, file);
  }
  return matches;
}

function readingsOf(written: string): string[] {
  const slashed = written.replaceAll('\\', '/');
  return [written, withoutStep(written), withoutStep(slashed), withoutGuard(written), withoutGuard(slashed)];
}

function withoutStep(name: string): string {
  return name.replace(/^(\.\/)+/, '');
}

function unicodeForm(name: string): string {
  return name.normalize('NFC');
}

function byUnicodeForm(names: Iterable<string>): Map<string, string[]> {
  const forms = new Map<string, string[]>();
  for (const name of names) forms.set(unicodeForm(name), [...(forms.get(unicodeForm(name)) ?? []), name]);
  return forms;
}

/** A name by its characters, since names in different Unicode forms look the same. */
function spelled(name: string): string {
  return name.replace(/[^\x20-\x7e]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
