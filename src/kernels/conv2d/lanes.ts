/** The kernels for CPUs: lanes that compute in step hand operands round, and keep results in registers. */
import type { Device } from '../../gpu/device.ts';
import { LANES_16 } from '../source.ts';
import { gridFits } from './problem.ts';

/** Lanes of a workgroup, and what stands behind the name of a variant that has so many. */
export interface Lanes {
  readonly count: 8 | 16;
  readonly suffix: string;
  /** The parts of a kernel that others take the place of. */
  readonly instead: Readonly<Record<string, string>>;
}

export const eight: Lanes = { count: 8, suffix: '', instead: {} };

/** In order of preference. */
export const lanes: readonly Lanes[] = [{ count: 16, suffix: '_16', instead: LANES_16 }, eight];

/** Whether kernels with such lanes run here, with so many workgroups along each axis. */
export function hasLanes({ count }: Lanes, device: Device, workgroups: readonly number[]): boolean {
  return device.features.has('subgroups') && device.info.subgroupSize.min >= count && gridFits(device, workgroups);
}

/** Whether lanes that own four columns each have work: of 16 for so few that 8 have room for them, half would idle. */
export function lanesSuit({ count }: Lanes, columns: number): boolean {
  return count === 8 || columns > 32;
}

/** The most columns that kernels take whose lanes are rows: with more, lanes that own columns load less for what they multiply. */
export const MOST_NARROW = 16;
