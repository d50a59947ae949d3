import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AdapterInfo } from '../../gpu/host/adapter.ts';

/** Of the device's memory; networks and what a step makes need the rest. */
const SHARE = 1 / 2;
/** Where no driver tells how much there is, and on a processor, whose memory is the host's. */
const UNTOLD = 2 ** 30;

/**
 * How many bytes of the device's memory training images take, unless a person says so. WebGPU does not tell how much a device has; drivers
 * of NVIDIA and AMD do. Which of several cards the device is, neither says: the smallest counts.
 *
 * @param cards where Linux lists graphics cards
 */
export function bankMemoryOf(
  { vendor, software, executes }: Pick<AdapterInfo, 'vendor' | 'software' | 'executes'>,
  cards = '/sys/class/drm',
): number {
  const told = () => (vendor === 'nvidia' ? ofNvidia() : vendor === 'amd' ? ofAmd(cards) : []);
  const memories = software || !executes ? [] : told();
  return memories.length > 0 ? SHARE * Math.min(...memories) : UNTOLD;
}

/** None where a card is divided (MIG), since its tool tells of the whole. */
function ofNvidia(): number[] {
  const args = ['--query-gpu=memory.total,mig.mode.current', '--format=csv,noheader,nounits'];
  try {
    const limits = { timeout: 5000, killSignal: 'SIGKILL' } as const;
    const said = execFileSync('nvidia-smi', args, { encoding: 'utf8', stdio: 'pipe', ...limits });
    if (/Enabled/.test(said)) return [];
    return byteCounts([...said.matchAll(/^\s*(\d+)\s*,.*$/gm)].map(([, mebibytes]) => Number(mebibytes) * 2 ** 20));
  } catch {
    return [];
  }
}

function ofAmd(cards: string): number[] {
  const told = (card: string) => {
    try {
      return Number(readFileSync(join(cards, card, 'device', 'mem_info_vram_total'), 'utf8'));
    } catch {
      return 0;
    }
  };
  try {
    return byteCounts(readdirSync(cards).map(told));
  } catch {
    return [];
  }
}

function byteCounts(values: readonly number[]): number[] {
  return values.filter((bytes) => bytes > 0 && Number.isFinite(bytes));
}
