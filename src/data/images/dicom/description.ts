import { inflateRawSync } from 'node:zlib';
import type { DataSet, Element } from 'dicom-parser';
import { CyclopsError } from '../../../gpu/errors.ts';
import { damagedDicom, foreignDicom } from './faults.ts';
import { loadParser } from './library.ts';

/** What a DICOM file says of its one image (PS3.3 C.7.6.3, C.11.1, C.11.2). */
export interface Description {
  width: number;
  height: number;
  /** Samples of a pixel: 1 of gray, 3 of colours. */
  channels: 1 | 3;
  /** How samples are to be understood, such as MONOCHROME2. */
  colours: string;
  /** Whether colours lie in planes, one behind the other. */
  isPlanar: boolean;
  /** Bits that a sample takes, those of them that count, and the highest of those. */
  bitsAllocated: number;
  bits: number;
  highBit: number;
  isSigned: boolean;
  /** From stored values to those that mean something, as Hounsfield units do. */
  rescale: Rescale | Table;
  /** From those to black and white; null where the file does not say. */
  shown: Window | Table | null;
  /** How its pixel data is written. */
  transferSyntax: string;
}

export interface Rescale {
  slope: number;
  intercept: number;
}

/** Values between black and white, by `LINEAR`, `LINEAR_EXACT` or `SIGMOID`. */
export interface Window {
  centre: number;
  width: number;
  curve: string;
}

/** The value of the i-th entry belongs to `first + i`; values beyond the ends have that of the end. */
export interface Table {
  first: number;
  values: ArrayLike<number>;
  bits: number;
}

const TAGS = {
  transferSyntax: 'x00020010',
  samples: 'x00280002',
  colours: 'x00280004',
  planes: 'x00280006',
  frames: 'x00280008',
  rows: 'x00280010',
  columns: 'x00280011',
  bitsAllocated: 'x00280100',
  bitsStored: 'x00280101',
  highBit: 'x00280102',
  sign: 'x00280103',
  intercept: 'x00281052',
  slope: 'x00281053',
  centre: 'x00281050',
  windowWidth: 'x00281051',
  curve: 'x00281056',
  rescaleTable: 'x00283000',
  shownTable: 'x00283010',
  tableShape: 'x00283002',
  tableValues: 'x00283006',
  ofAllFrames: 'x52009229',
  ofEachFrame: 'x52009230',
  rescaleOfFrame: 'x00289145',
  windowOfFrame: 'x00289132',
} as const;

/** Where pixels stand in a file; behind them nothing tells of them. */
const PIXELS = { whole: 'x7fe00010', float: 'x7fe00008', double: 'x7fe00009' } as const;

/** What is deflated is inflated as a whole, before anything of it is known. */
const MOST_INFLATED_BYTES = 2 ** 28;

/** DICOM files begin with 128 bytes for whoever wants them, and these letters. */
export function isDicom(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(128, 132)) === 'DICM';
}

/**
 * Reads what a file says in front of its pixels; what stands behind them is nobody's concern.
 *
 * @param source for messages @returns also where the pixels begin
 * @throws CyclopsError for a damaged file, and one without an image or with several
 */
export async function describe(
  bytes: Uint8Array,
  source: string,
): Promise<{ description: Description; data: DataSet; pixels: Element }> {
  const { parseDicom } = await loadParser();
  try {
    return describeImage(parseDicom(bytes, { inflater, untilTag: PIXELS.whole }), source);
  } catch (error) {
    if (error instanceof CyclopsError) throw error;
    // What the parser throws speaks of its own parts. It knows no values of 64 bits (OV, SV, UV).
    throw damagedDicom(
      source,
      `it is cut off, its lengths lie, or it holds whole numbers of 64 bits or more than ${MOST_INFLATED_BYTES / 2 ** 20} MiB that were deflated`,
    );
  }
}

/** The file with what is deflated in it inflated. */
function inflater(bytes: Uint8Array, from: number): Uint8Array {
  const inflated = inflateRawSync(bytes.subarray(from), { maxOutputLength: MOST_INFLATED_BYTES });
  return Buffer.concat([bytes.subarray(0, from), inflated]);
}

function describeImage(data: DataSet, source: string): { description: Description; data: DataSet; pixels: Element } {
  const [height, width] = [data.uint16(TAGS.rows), data.uint16(TAGS.columns)];
  const pixels = data.elements[PIXELS.whole];
  if (data.elements[PIXELS.float] || data.elements[PIXELS.double]) throw foreignDicom(source, 'its samples are floats');
  if (height === undefined || width === undefined || pixels === undefined)
    throw foreignDicom(source, 'it holds no image', 'Remove it from the images.');
  const frames = data.intString(TAGS.frames) ?? 1;
  if (frames > 1)
    throw new CyclopsError(
      `${source} holds ${frames} frames: expected one image a file. Save each as a file of its own.`,
    );
  const bitsAllocated = data.uint16(TAGS.bitsAllocated) ?? 0;
  const bits = data.uint16(TAGS.bitsStored) ?? bitsAllocated;
  const highBit = data.uint16(TAGS.highBit) ?? bits - 1;
  const isSigned = data.uint16(TAGS.sign) === 1;
  const colours = data.string(TAGS.colours)?.toUpperCase() ?? '';
  const channels = data.uint16(TAGS.samples) ?? 1;
  if (bitsAllocated !== 8 && bitsAllocated !== 16) throw foreignDicom(source, `its samples take ${bitsAllocated} bits`);
  if (bits < 1 || bits > bitsAllocated || highBit < bits - 1 || highBit >= bitsAllocated)
    throw damagedDicom(
      source,
      `of its samples of ${bitsAllocated} bits it says that ${bits} count, up to the one numbered ${highBit}`,
    );
  if (channels !== (isGray(colours) ? 1 : 3))
    throw foreignDicom(
      source,
      `it has ${channels} samples a pixel, of ${colours ? `the kind ${colours}` : 'no kind that it names'}`,
    );
  const rescale = tableOf(data, TAGS.rescaleTable, isSigned, source) ?? rescaleOf(data, source);
  const mayBeNegative = !('values' in rescale) && leastMeant({ bits, isSigned, rescale }) < 0;
  const description: Description = {
    ...{ width, height, channels: channels === 1 ? 1 : 3, colours, isPlanar: data.uint16(TAGS.planes) === 1 },
    ...{ bitsAllocated, bits, highBit, isSigned },
    rescale,
    shown: windowOf(data, source) ?? tableOf(data, TAGS.shownTable, mayBeNegative, source),
    transferSyntax: data.string(TAGS.transferSyntax) ?? '',
  };
  return { description, data, pixels };
}

/** The least value that a sample can mean. */
function leastMeant({ bits, isSigned, rescale }: { bits: number; isSigned: boolean; rescale: Rescale }): number {
  const ends = isSigned ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  return Math.min(...ends.map((value) => rescale.slope * value + rescale.intercept));
}

export function isGray(colours: string): boolean {
  return colours === 'MONOCHROME1' || colours === 'MONOCHROME2';
}

function rescaleOf(data: DataSet, source: string): Rescale {
  const said = tellingOf(data, TAGS.slope, TAGS.rescaleOfFrame);
  const [slope = 1, intercept = 0] = [said?.floatString(TAGS.slope), said?.floatString(TAGS.intercept)];
  if (!Number.isFinite(slope) || !Number.isFinite(intercept))
    throw damagedDicom(source, 'the slope or the intercept of its values is no number');
  return { slope, intercept };
}

/** The first, which viewers begin with. */
function windowOf(data: DataSet, source: string): Window | null {
  const said = tellingOf(data, TAGS.centre, TAGS.windowOfFrame);
  const [centre, width] = [said?.floatString(TAGS.centre), said?.floatString(TAGS.windowWidth)];
  if (centre === undefined || width === undefined) return null;
  const curve = said?.string(TAGS.curve, 0)?.trim().toUpperCase() || 'LINEAR';
  if (!['LINEAR', 'LINEAR_EXACT', 'SIGMOID'].includes(curve))
    throw foreignDicom(source, `its window has the curve ${curve}`);
  if (!Number.isFinite(centre) || !Number.isFinite(width)) throw damagedDicom(source, 'its window has no numbers');
  if (width <= 0) throw damagedDicom(source, `its window has the width ${width}`);
  // The standard has no such windows of whole values, and files of values that are small fractions do.
  return { centre, width, curve: curve === 'LINEAR' && width < 1 ? 'LINEAR_EXACT' : curve };
}

/** Where a tag stands: in the file itself or, in those that may have many frames, in what it says of all of them or of the first. */
function tellingOf(data: DataSet, tag: string, sequence: string): DataSet | undefined {
  if (data.elements[tag]?.length) return data;
  const groups = [TAGS.ofAllFrames, TAGS.ofEachFrame].map((groups) => itemOf(data, groups));
  return groups.map((group) => group && itemOf(group, sequence)).find((item) => item?.elements[tag]?.length);
}

function itemOf(data: DataSet, sequence: string): DataSet | undefined {
  return data.elements[sequence]?.items?.[0]?.dataSet;
}

/** @param mayBeNegative whether the first value has a sign, where the file does not say */
function tableOf(data: DataSet, sequence: string, mayBeNegative: boolean, source: string): Table | null {
  const item = itemOf(data, sequence);
  const [shape, stored] = [item?.elements[TAGS.tableShape], item?.elements[TAGS.tableValues]];
  if (!item || !stored) return null;
  const [length = 0, bits = 0] = [item.uint16(TAGS.tableShape, 0), item.uint16(TAGS.tableShape, 2)];
  const isSigned = shape?.vr === undefined ? mayBeNegative : shape.vr === 'SS';
  const first = (isSigned ? item.int16(TAGS.tableShape, 1) : item.uint16(TAGS.tableShape, 1)) ?? 0;
  const count = length === 0 ? 65536 : length;
  const isOfBytes = bits <= 8 && stored.length < 2 * count;
  if (stored.length < (isOfBytes ? count : 2 * count) || bits < 1 || bits > 16)
    throw damagedDicom(source, `a table of ${count} values of ${bits} bits has ${stored.length} bytes`);
  const valueAt = (i: number) => (isOfBytes ? item.byteArray[stored.dataOffset + i] : item.uint16(TAGS.tableValues, i));
  // Bits above those that it announces would be brighter than white.
  const values = Array.from({ length: count }, (_, i) => Math.min(2 ** bits - 1, valueAt(i) ?? 0));
  return { first, bits, values };
}
