import { deflateRawSync } from 'node:zlib';

/** A value of an element: whole numbers of 16 bits, text, bytes, or the items of a sequence. */
type Value = number | readonly number[] | string | Uint8Array | readonly Element[][];

/** A tag, the kind of its value, and the value. */
export type Element = readonly [tag: number, kind: string, value: Value];

/** How a file is written. */
export interface Writing {
  syntax?: 'implicit' | 'explicit' | 'big-endian' | 'deflated';
  /** Said instead, while the file is written explicitly. */
  said?: string;
}

const SYNTAXES = { implicit: '', explicit: '.1', 'big-endian': '.2', deflated: '.1.99' } as const;

/** A file by the standard (PS3.5, PS3.10): a preamble, what tells of the syntax, and the elements. */
export function makeDicom(elements: readonly Element[], { syntax = 'explicit', said }: Writing = {}): Buffer {
  const uid = said ?? `1.2.840.10008.1.2${SYNTAXES[syntax]}`;
  const head = written([[0x00020010, 'UI', uid]], { isExplicit: true, isLittle: true });
  const body = written(elements, { isExplicit: syntax !== 'implicit', isLittle: syntax !== 'big-endian' });
  const length = written([[0x00020000, 'UL', word(head.length, true, 4)]], { isExplicit: true, isLittle: true });
  const rest = syntax === 'deflated' ? deflateRawSync(body) : body;
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, head, rest]);
}

interface Order {
  isExplicit: boolean;
  isLittle: boolean;
}

function written(elements: readonly Element[], order: Order): Buffer {
  const { isExplicit, isLittle } = order;
  return Buffer.concat(
    elements.flatMap(([tag, kind, value]) => {
      const content = contentOf(value, kind, order);
      const tagBytes = [word(tag >>> 16, isLittle), word(tag & 0xffff, isLittle)];
      if (!isExplicit) return [...tagBytes, word(content.length, isLittle, 4), content];
      const isLong = ['OB', 'OW', 'SQ', 'UN', 'OF'].includes(kind);
      const size = isLong ? [Buffer.alloc(2), word(content.length, isLittle, 4)] : [word(content.length, isLittle)];
      return [...tagBytes, Buffer.from(kind), ...size, content];
    }),
  );
}

function contentOf(value: Value, kind: string, order: Order): Buffer {
  const { isLittle } = order;
  if (typeof value === 'number') return word(value, isLittle);
  if (typeof value === 'string')
    return Buffer.from(value.length % 2 === 0 ? value : `${value}${kind === 'UI' ? '\0' : ' '}`);
  if (value instanceof Uint8Array) return Buffer.concat([value, Buffer.alloc(value.length % 2)]);
  if (kind !== 'SQ') return Buffer.concat((value as readonly number[]).map((each) => word(each, isLittle)));
  return Buffer.concat(
    (value as readonly Element[][]).flatMap((item) => {
      const content = written(item, order);
      return [word(0xfffe, isLittle), word(0xe000, isLittle), word(content.length, isLittle, 4), content];
    }),
  );
}

function word(value: number, isLittle: boolean, bytes = 2): Buffer {
  const buffer = Buffer.alloc(bytes);
  const unsigned = value < 0 ? value + 2 ** (8 * bytes) : value;
  if (isLittle) buffer.writeUIntLE(unsigned, 0, bytes);
  else buffer.writeUIntBE(unsigned, 0, bytes);
  return buffer;
}

/** An element, or the tag alone of what a file is not to have. */
export type Change = Element | readonly [tag: number];

/** A picture of gray. @param changes instead of what is said by default, the later instead of the earlier, or besides */
export function grayElements(
  [width, height]: readonly [number, number],
  samples: readonly number[],
  changes: readonly Change[] = [],
  bits = 16,
): Element[] {
  const said: Change[] = [
    [0x00280002, 'US', 1],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', height],
    [0x00280011, 'US', width],
    [0x00280100, 'US', bits],
    [0x00280101, 'US', bits],
    [0x00280102, 'US', bits - 1],
    [0x00280103, 'US', 0],
    [0x7fe00010, bits === 8 ? 'OB' : 'OW', bits === 8 ? Uint8Array.from(samples) : samples],
  ];
  const byTag = new Map([...said, ...changes].map((change) => [change[0], change]));
  return [...byTag.values()].filter((change) => change.length === 3).sort(([a], [b]) => a - b);
}
