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
  /** Of each launch those that must be done before. */
  private readonly needed: readonly ReadonlySet<number>[];
  /** Of each launch the first that needs it. */
  private readonly users: readonly number[];
  private readonly kinds: readonly string[];
  /** The launches of each kind. */
  private readonly alike = new Map<string, number[]>();
  /** Those of a kind that wait for others. */
  private readonly waiting = new Map<string, number[]>();

  constructor(
    private readonly launches: readonly Launch[],
    private readonly allowed: Allowed,
  ) {
    this.needed = needs(launches);
    this.users = firstUsers(this.needed);
    this.kinds = kindsOf(launches);
    for (const [i, kind] of this.kinds.entries()) this.alike.set(kind, [...(this.alike.get(kind) ?? []), i]);
  }

  /** Does a launch, all of those before it being done or waiting: with others, or lets it wait for them. */
  place(i: number): void {
    const launch = this.launches[i];
    if (!launch || this.done.has(i)) return;
    for (const other of this.missingFor(i)) this.finish(other);
    const kind = this.kinds[i] ?? '';
    const most = mostParts(launch, this.allowed);
    const waiting = this.waiting.get(kind) ?? [];
    const group = [i, ...waiting];
    if ((this.users[i] ?? 0) - i > FAR && group.length < most) {
      this.waiting.set(kind, group);
      return;
    }
    const later = (this.alike.get(kind) ?? []).filter((other) => other > i && !this.done.has(other));
    for (const other of later) if (group.length < most && this.missingFor(other).length === 0) group.push(other);
    const hastened = most > 1 && group.length === 1 ? later.find((other) => this.hasten(other, i)) : undefined;
    if (hastened !== undefined) group.push(hastened);
    const taken = group.slice(0, PARTS.find((parts) => parts <= group.length) ?? 1);
    this.waiting.set(
      kind,
      waiting.filter((other) => !taken.includes(other)),
    );
    this.take(taken);
  }

  /** @returns all launches, those that waited last */
  end(): Launch[] {
    for (const group of this.waiting.values()) this.take(group);
    return this.order;
  }

  private missingFor(i: number): number[] {
    return [...(this.needed[i] ?? [])].filter((other) => !this.done.has(other));
  }

  private take(group: readonly number[]): void {
    const launches = group.flatMap((i) => this.launches[i] ?? []);
    this.order.push(...fusedLaunches(launches, this.allowed));
    for (const i of group) this.done.add(i);
  }

  /** Does a launch that others need; where it waits, with those that wait with it. */
  private finish(i: number): void {
    if (this.done.has(i)) return;
    const kind = this.kinds[i] ?? '';
    const waiting = this.waiting.get(kind) ?? [];
    const group = waiting.includes(i) ? waiting : [i];
    if (group === waiting) this.waiting.delete(kind);
    this.take(group);
  }

  /** Does what a launch needs and is not done yet, where that is little and does not need `first`. @returns whether it did */
  private hasten(i: number, first: number): boolean {
    const missing = new Set(this.missingFor(i));
    // A set grows while it is walked.
    for (const other of missing)
      if (missing.size <= LITTLE) for (const behind of this.missingFor(other)) missing.add(behind);
    if (missing.size > LITTLE || missing.has(first)) return false;
    for (const other of [...missing].sort((a, b) => a - b)) this.finish(other);
    return true;
  }
}

/** What launches must have in common, as a text. */
function kindsOf(launches: readonly Launch[]): string[] {
  const numbers = new Map<Kernel, number>();
  return launches.map(({ kernel, immediates, workgroups, label, layer }) => {
    const number = numbers.get(kernel) ?? numbers.size;
    numbers.set(kernel, number);
    return [number, label, layer?.pass, ...workgroups, ...immediates].join();
  });
}

/** For each launch those before it that must be done first: they write what it uses, or use what it writes. */
function needs(launches: readonly Launch[]): ReadonlySet<number>[] {
  const uses = new Map<DeviceBuffer, { launch: number; slice: BufferSlice; writes: boolean }[]>();
  return launches.map(({ kernel, bindings }, launch) => {
    const needed = new Set<number>();
    for (const [k, slice] of bindings.entries()) {
      const writes = kernel.access[k] === 'w';
      const earlier = uses.get(slice.buffer) ?? [];
      for (const use of earlier) {
        if (use.launch !== launch && (use.writes || writes) && overlap(use.slice, slice)) needed.add(use.launch);
      }
      earlier.push({ launch, slice, writes });
      uses.set(slice.buffer, earlier);
    }
    return needed;
  });
}

function overlap(a: BufferSlice, b: BufferSlice): boolean {
  return a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

/** For each launch the first that needs it; Infinity where none does. */
function firstUsers(needed: readonly ReadonlySet<number>[]): number[] {
  const users = needed.map(() => Number.POSITIVE_INFINITY);
  for (const [user, others] of needed.entries())
    for (const other of others) users[other] = Math.min(users[other] ?? user, user);
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
  const taken = together.slice(0, PARTS.find((parts) => parts <= most) ?? 1);
  const rest = launches.filter((launch) => !taken.includes(launch));
  return [fusedLaunch(first, taken), ...fusedLaunches(rest, allowed)];
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
