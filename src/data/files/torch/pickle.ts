import { CyclopsError } from '../../../gpu/errors.ts';

/*
 * A pickle is a program for a small machine with a stack. In Python it may call any function of any module, so that opening a file runs
 * what its writer wants. This machine has the instructions that state dicts need and no others, and calls nothing: what a name stands for
 * and what a call of it makes is up to a world that knows a few names (`state-dict.ts`).
 *
 * Every instruction takes at least a byte and makes at most one value of a few words, or moves values that are there. So time and memory
 * grow with the length of the pickle alone. Values may hold each other many times over, or themselves: who looks at them must not walk
 * through all that they hold.
 *
 * Source: CPython, Lib/pickletools.py; protocol 2, which torch.save writes.
 */

/** A tuple of Python; a list is an array. */
export class Tuple {
  constructor(readonly items: readonly unknown[]) {}
}

/** A dict of Python, ordered. */
export class Dict {
  readonly entries = new Map<unknown, unknown>();
}

/** What the names in a pickle stand for. */
export interface PickleWorld {
  /** What `module.name` stands for. @throws CyclopsError for a name that it does not know */
  global(name: string): unknown;
  /** What a call makes. @throws CyclopsError where it cannot be */
  call(callable: unknown, args: readonly unknown[]): unknown;
  /** What the pickle has elsewhere. @throws CyclopsError for what is not there */
  persistent(id: unknown): unknown;
}

/** The instructions by their names in Python. */
export const OP = {
  MARK: 0x28,
  EMPTY_TUPLE: 0x29,
  STOP: 0x2e,
  BINFLOAT: 0x47,
  BININT: 0x4a,
  BININT1: 0x4b,
  BININT2: 0x4d,
  NONE: 0x4e,
  BINPERSID: 0x51,
  REDUCE: 0x52,
  BINUNICODE: 0x58,
  EMPTY_LIST: 0x5d,
  APPEND: 0x61,
  BUILD: 0x62,
  GLOBAL: 0x63,
  APPENDS: 0x65,
  BINGET: 0x68,
  LONG_BINGET: 0x6a,
  BINPUT: 0x71,
  LONG_BINPUT: 0x72,
  SETITEM: 0x73,
  TUPLE: 0x74,
  SETITEMS: 0x75,
  EMPTY_DICT: 0x7d,
  PROTO: 0x80,
  TUPLE1: 0x85,
  TUPLE2: 0x86,
  TUPLE3: 0x87,
  NEWTRUE: 0x88,
  NEWFALSE: 0x89,
  LONG1: 0x8a,
} as const;

const PROTOCOL = 2;
/** The longest number of LONG1 that can be exact, in bytes. */
const LONGEST_NUMBER = 8;
const NEWLINE = 0x0a;

/** What a pickle makes. @param source for messages, such as a path @throws CyclopsError for a damaged one and for what the world refuses */
export function unpickle(bytes: Uint8Array, world: PickleWorld, source: string): unknown {
  return new Machine(bytes, world, source).run();
}

class Machine {
  private readonly view: DataView;
  private at = 0;
  private stack: unknown[] = [];
  /** The stacks that marks have put aside. */
  private readonly marked: unknown[][] = [];
  private readonly memo = new Map<number, unknown>();

  constructor(
    private readonly bytes: Uint8Array,
    private readonly world: PickleWorld,
    private readonly source: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private readonly instructions: Readonly<Record<number, () => void>> = {
    [OP.PROTO]: () => this.requireProtocol(this.byte()),
    [OP.NONE]: () => this.push(null),
    [OP.NEWTRUE]: () => this.push(true),
    [OP.NEWFALSE]: () => this.push(false),
    [OP.BININT]: () => this.push(this.view.getInt32(this.take(4), true)),
    [OP.BININT1]: () => this.push(this.byte()),
    [OP.BININT2]: () => this.push(this.view.getUint16(this.take(2), true)),
    [OP.LONG1]: () => this.push(this.long(this.byte())),
    [OP.BINFLOAT]: () => this.push(this.view.getFloat64(this.take(8), false)),
    [OP.BINUNICODE]: () => this.push(this.text(this.word())),
    [OP.MARK]: () => this.mark(),
    [OP.EMPTY_TUPLE]: () => this.push(new Tuple([])),
    [OP.TUPLE1]: () => this.push(new Tuple(this.popMany(1))),
    [OP.TUPLE2]: () => this.push(new Tuple(this.popMany(2))),
    [OP.TUPLE3]: () => this.push(new Tuple(this.popMany(3))),
    [OP.TUPLE]: () => this.push(new Tuple(this.popMark())),
    [OP.EMPTY_LIST]: () => this.push([]),
    [OP.APPEND]: () => this.append(this.popMany(1)),
    [OP.APPENDS]: () => this.append(this.popMark()),
    [OP.EMPTY_DICT]: () => this.push(new Dict()),
    [OP.SETITEM]: () => this.setItems(this.popMany(2)),
    [OP.SETITEMS]: () => this.setItems(this.popMark()),
    [OP.BINPUT]: () => this.remember(this.byte()),
    [OP.LONG_BINPUT]: () => this.remember(this.word()),
    [OP.BINGET]: () => this.recall(this.byte()),
    [OP.LONG_BINGET]: () => this.recall(this.word()),
    [OP.GLOBAL]: () => this.push(this.world.global(`${this.line()}.${this.line()}`)),
    [OP.BINPERSID]: () => this.push(this.world.persistent(this.pop())),
    [OP.REDUCE]: () => this.reduce(),
    [OP.BUILD]: () => this.build(),
  };

  run(): unknown {
    for (;;) {
      const code = this.byte();
      if (code === OP.STOP) return this.pop();
      this.execute(code);
    }
  }

  private execute(code: number): void {
    const instruction = this.instructions[code];
    if (!instruction) {
      throw this.broken(
        `at byte ${this.at - 1} stands the instruction 0x${code.toString(16)}, which no state dict needs that torch.save writes`,
      );
    }
    instruction();
  }

  private requireProtocol(protocol: number): void {
    if (protocol === PROTOCOL) return;
    throw new CyclopsError(
      `${this.source} is a pickle of protocol ${protocol}; expected ${PROTOCOL}, as torch.save writes it unless told otherwise. Write it ` +
        'again without pickle_protocol.',
    );
  }

  private reduce(): void {
    const [callable, args] = this.popMany(2);
    if (!(args instanceof Tuple)) throw this.broken('it calls something without a tuple of arguments');
    this.push(this.world.call(callable, args.items));
  }

  /** Of an ordered dict, whose attributes PyTorch notes versions in: they tell nothing here. */
  private build(): void {
    const [target, state] = this.popMany(2);
    if (!(target instanceof Dict && state instanceof Dict)) throw this.broken('it gives attributes to what has none');
    this.push(target);
  }

  private append(items: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.broken('it appends to what is no list');
    for (const item of items) list.push(item);
  }

  private setItems(items: readonly unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof Dict) || items.length % 2 !== 0) throw this.broken('it sets items of what is no dict');
    for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i], items[i + 1]);
  }

  private remember(index: number): void {
    this.memo.set(index, this.top());
  }

  private recall(index: number): void {
    if (!this.memo.has(index)) throw this.broken(`it recalls value ${index}, which it did not remember`);
    this.push(this.memo.get(index));
  }

  private push(value: unknown): void {
    this.stack.push(value);
  }

  private top(): unknown {
    if (this.stack.length === 0) throw this.broken('it takes a value where there is none');
    return this.stack.at(-1);
  }

  private pop(): unknown {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  private popMany(count: number): unknown[] {
    if (this.stack.length < count) throw this.broken('it takes a value where there is none');
    return this.stack.splice(this.stack.length - count, count);
  }

  private mark(): void {
    this.marked.push(this.stack);
    this.stack = [];
  }

  /** All since the last mark. */
  private popMark(): unknown[] {
    const outer = this.marked.pop();
    if (!outer) throw this.broken('it goes back to a mark that it did not set');
    const items = this.stack;
    this.stack = outer;
    return items;
  }

  private byte(): number {
    return this.view.getUint8(this.take(1));
  }

  private word(): number {
    return this.view.getUint32(this.take(4), true);
  }

  /** Of so many bytes, in two's complement. */
  private long(length: number): number {
    const start = this.take(length);
    if (length > LONGEST_NUMBER) throw this.broken(`it holds a number of ${length} bytes`);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[start + i] ?? 0);
    const exact = Number(BigInt.asIntN(8 * length, value));
    if (!Number.isSafeInteger(exact)) throw this.broken(`it holds the number ${exact}`);
    return exact;
  }

  private text(length: number): string {
    const start = this.take(length);
    return new TextDecoder().decode(this.bytes.subarray(start, start + length));
  }

  private line(): string {
    const end = this.bytes.indexOf(NEWLINE, this.at);
    if (end < 0) throw this.broken('a name has no end');
    const text = this.text(end - this.at);
    this.take(1);
    return text;
  }

  /** Passes so many bytes. @returns where they begin */
  private take(count: number): number {
    const start = this.at;
    if (start + count > this.bytes.length) throw this.broken(`it ends after ${this.bytes.length} bytes, in the middle`);
    this.at += count;
    return start;
  }

  private broken(reason: string): CyclopsError {
    return new CyclopsError(
      `${this.source} is no state dict that can be read: ${reason}. It is damaged, or holds something else than weights: write the ` +
        'weights with torch.save(net.state_dict(), path).',
    );
  }
}
