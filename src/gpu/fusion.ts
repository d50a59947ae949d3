import type { DeviceBuffer } from './buffer.ts';
import { fusedKernel } from './fused-kernel.ts';
import type { BufferSlice, Kernel, Launch } from './launch.ts';

/** What a device allows. */
interface Allowed {
  /** Storage buffers of a launch. */
  readonly bindings: number;
  /** Workgroups along an axis. */
  readonly workgroups: number;
}

/** How many launches may become one, the most first. */
const PARTS = [8, 4, 2];
/** A launch that the next so many do not need waits for others like it. */
const FAR = 64;
/** So many launches may be done earlier, so that one behind them can be done with another. */
const LITTLE = 4;

/**
 * The same work in fewer launches: of a step's launches, up to eight that are alike and do not need each other become one. Those that come
 * later are done as early as the first of them, where what they need is done by then; so two networks of one kind that see different
 * images run in lockstep, layer by layer. Those whose results are needed much later, such as the sums of weight gradients, wait for others.
 * On a GPU, where every launch waits for the one before, a small one then fills more of it, and the host has less to say. Results keep their bits.
 *
 * @param launches in an order in which they may be done
 */
export function fuse(launches: readonly Launch[], allowed: Allowed): Launch[] {
  const fusion = new Fusion(launches, allowed);
  for (const i of launches.keys()) fusion.place(i);
  return fusion.end();
}

/** The order in which a step's launches are done, as far as it has been found. Launches are known by their numbers. */
class Fusion {
  private readonly order: Launch[] = [];
  private readonly done = new Set<number>();
  /** Of each launch those that must be done right before; what these need is not named again. */
  private readonly needed: readonly ReadonlySet<number>[];
  /** Of each launch those that need it, from the first on. */
  private readonly users: readonly (readonly number[])[];
  /** Of each launch how many of those that it needs are not done. */
  private readonly missing: number[];
  private readonly kinds: readonly Kind[];

  constructor(
    private readonly launches: readonly Launch[],
    private readonly allowed: Allowed,
  ) {
    this.needed = needs(launches);
    this.users = usersOf(this.needed);
    this.missing = this.needed.map(({ size }) => size);
    this.kinds = kindsOf(launches);
    for (const [i, kind] of this.kinds.entries()) if (this.missing[i] === 0) kind.ready.add(i);
  }

  /** Does a launch, all of those before it being done or waiting: with others, or lets it wait for them. */
  place(i: number): void {
    const [launch, kind] = [this.launches[i], this.kinds[i]];
    if (!launch || !kind || this.done.has(i)) return;
    for (const other of this.needed[i] ?? []) this.finish(other);
    const most = mostParts(launch, this.allowed);
    const group = [i, ...kind.waiting];
    const isLate = (this.users[i]?.[0] ?? Number.POSITIVE_INFINITY) - i > FAR;
    if (isLate && group.length < most && this.nextAlike(i, kind) !== undefined) {
      kind.waiting = group;
      return;
    }
    for (const other of kind.ready) if (group.length < most && !group.includes(other)) group.push(other);
    const next = most > 1 && group.length === 1 ? this.nextAlike(i, kind) : undefined;
    if (next !== undefined && this.hasten(next, i)) group.push(next);
    const taken = group.slice(0, PARTS.find((parts) => parts <= group.length) ?? 1);
    kind.waiting = kind.waiting.filter((other) => !taken.includes(other));
    this.take(taken);
  }

  /** @returns all launches, those that waited last */
  end(): Launch[] {
    for (const kind of new Set(this.kinds)) this.release(kind);
    return this.order;
  }

  /** The next launch like one, which is not done. */
  private nextAlike(i: number, { alike, places }: Kind): number | undefined {
    for (let place = (places.get(i) ?? 0) + 1; place < alike.length; place++) {
      const other = alike[place];
      if (other !== undefined && !this.done.has(other)) return other;
    }
    return undefined;
  }

  private take(group: readonly number[]): void {
    const sorted = [...group].sort((a, b) => a - b);
    this.order.push(
      ...fusedLaunches(
        sorted.flatMap((i) => this.launches[i] ?? []),
        this.allowed,
      ),
    );
    for (const i of sorted) {
      this.done.add(i);
      this.kinds[i]?.ready.delete(i);
      for (const user of this.users[i] ?? []) {
        this.missing[user] = (this.missing[user] ?? 0) - 1;
        if (this.missing[user] === 0) this.kinds[user]?.ready.add(user);
      }
    }
  }

  /** Does a launch that others need; where it waits, with those that wait with it. */
  private finish(i: number): void {
    if (this.done.has(i)) return;
    const kind = this.kinds[i];
    if (kind?.waiting.includes(i)) this.release(kind);
    else this.take([i]);
  }

  private release(kind: Kind): void {
    const group = kind.waiting;
    kind.waiting = [];
    if (group.length > 0) this.take(group);
  }

  /** Does what a launch needs and is not done yet, where that is little and does not need `first`. @returns whether it did */
  private hasten(i: number, first: number): boolean {
    const missing = new Set<number>();
    const collect = (launch: number) => {
      for (const other of this.needed[launch] ?? []) {
        if (missing.size > LITTLE) return;
        if (!this.done.has(other)) missing.add(other);
      }
    };
    collect(i);
    // A set grows while it is walked.
    for (const other of missing) collect(other);
    if (missing.size > LITTLE || missing.has(first)) return false;
    for (const other of [...missing].sort((a, b) => a - b)) this.finish(other);
    return true;
  }
}

/** Launches that are alike. */
interface Kind {
  /** All of them, and where each stands among them. */
  readonly alike: number[];
  readonly places: Map<number, number>;
  /** Those that are not done and need nothing that is not. */
  readonly ready: Set<number>;
  /** Of these the ones that wait for others. */
  waiting: number[];
}

/** The kind of each launch. */
function kindsOf(launches: readonly Launch[]): Kind[] {
  const numbers = new Map<Kernel, number>();
  const kinds = new Map<string, Kind>();
  return launches.map(({ kernel, immediates, workgroups, label, layer, matrices }, i) => {
    const number = numbers.get(kernel) ?? numbers.size;
    numbers.set(kernel, number);
    // All of the buffer reaches the kernel, whatever of it the view shows.
    const words = new Uint8Array(immediates.buffer);
    const name = [number, label, layer?.pass, matrices, ...workgroups, ...words].join();
    const kind: Kind = kinds.get(name) ?? { alike: [], places: new Map(), ready: new Set(), waiting: [] };
    kinds.set(name, kind);
    kind.places.set(i, kind.alike.push(i) - 1);
    return kind;
  });
}

interface Use {
  readonly launch: number;
  readonly slice: BufferSlice;
}

/**
 * For each launch those before it that must be done first: they write what it uses, or use what it writes. Those that these need in turn are
 * left out where a buffer was written over as a whole since.
 */
function needs(launches: readonly Launch[]): ReadonlySet<number>[] {
  const buffers = new Map<DeviceBuffer, { reads: Use[]; writes: Use[] }>();
  return launches.map(({ kernel, bindings }, launch) => {
    const needed = new Set<number>();
    const need = (uses: readonly Use[], slice: BufferSlice) => {
      for (const use of uses) if (use.launch !== launch && overlap(use.slice, slice)) needed.add(use.launch);
    };
    for (const [k, slice] of bindings.entries()) {
      const uses = buffers.get(slice.buffer) ?? { reads: [], writes: [] };
      buffers.set(slice.buffer, uses);
      need(uses.writes, slice);
      if (kernel.access[k] === 'r') {
        uses.reads.push({ launch, slice });
        continue;
      }
      need(uses.reads, slice);
      const isElsewhere = (use: Use) => use.launch === launch || !covers(slice, use.slice);
      uses.reads = uses.reads.filter(isElsewhere);
      uses.writes = [...uses.writes.filter(isElsewhere), { launch, slice }];
    }
    return needed;
  });
}

function overlap(a: BufferSlice, b: BufferSlice): boolean {
  return a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

function covers(a: BufferSlice, b: BufferSlice): boolean {
  return a.offset <= b.offset && b.offset + b.size <= a.offset + a.size;
}

/** For each launch those that need it. */
function usersOf(needed: readonly ReadonlySet<number>[]): number[][] {
  const users = needed.map((): number[] => []);
  for (const [user, others] of needed.entries()) for (const other of others) users[other]?.push(user);
  return users;
}

/** As how many parts of one a launch may be done, 1 for alone. */
function mostParts({ kernel, bindings, workgroups: [, , z] }: Launch, allowed: Allowed): number {
  const fits = (parts: number) => parts * bindings.length <= allowed.bindings && parts * z <= allowed.workgroups;
  return PARTS.find((parts) => fits(parts) && fusedKernel(kernel, parts)) ?? 1;
}

/** Launches that are alike and do not need each other, in as few as may be. */
function fusedLaunches(launches: readonly Launch[], allowed: Allowed): Launch[] {
  const [first, ...others] = launches;
  if (!first) return [];
  const together = [first];
  for (const other of others) if (together.every((one) => mayShare(one, other))) together.push(other);
  const most = Math.min(mostParts(first, allowed), together.length);
  const taken = new Set(together.slice(0, PARTS.find((parts) => parts <= most) ?? 1));
  // The same launch may stand there several times.
  const rest = launches.filter((launch) => !taken.delete(launch));
  return [fusedLaunch(first, together.slice(0, launches.length - rest.length)), ...fusedLaunches(rest, allowed)];
}

/** Launches as one; the first where it is alone. */
function fusedLaunch(first: Launch, launches: readonly Launch[]): Launch {
  const kernel = launches.length > 1 ? fusedKernel(first.kernel, launches.length) : null;
  if (!kernel) return first;
  const [x, y, z] = first.workgroups;
  const sum = (amount: 'flops' | 'bytes') => launches.reduce((total, launch) => total + launch[amount], 0);
  const paths = [...new Set(launches.flatMap(({ layer }) => layer?.path ?? []))];
  return {
    ...first,
    ...{ kernel, bindings: launches.flatMap(({ bindings }) => bindings), workgroups: [x, y, z * launches.length] },
    ...{ flops: sum('flops'), bytes: sum('bytes') },
    ...(first.layer && { layer: { ...first.layer, path: paths.join(' + ') } }),
  };
}

/** Within one launch a buffer is either read or written, in whatever parts of it. */
function mayShare(a: Launch, b: Launch): boolean {
  const buffers = ({ kernel, bindings }: Launch, access: string) =>
    bindings.flatMap(({ buffer }, k) => (kernel.access[k] === access ? [buffer] : []));
  const apart = (read: Launch, written: Launch) => {
    const targets = new Set(buffers(written, 'w'));
    return !buffers(read, 'r').some((buffer) => targets.has(buffer));
  };
  return apart(a, b) && apart(b, a);
}
