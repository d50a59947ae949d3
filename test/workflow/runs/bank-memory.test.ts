import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { bankMemoryOf } from '../../../src/workflow/runs/bank-memory.ts';
import { temporaryFolder } from '../../cli/support.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());
afterEach(() => vi.unstubAllEnvs());

const UNTOLD = 2 ** 30;
const gpu = (vendor: string) => ({ vendor, software: false, executes: true });

/** Puts a tool of NVIDIA's that does this before all others. */
function withTool(name: string, script: string): void {
  const path = join(folder.path(name), 'nvidia-smi');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  vi.stubEnv('PATH', `${dirname(path)}:${process.env.PATH}`);
}

describe('memory for training images', () => {
  it("is half of NVIDIA's smallest card", () => {
    withTool('two', 'printf "143771, Disabled\\n8192, [N/A]\\n"');
    expect(bankMemoryOf(gpu('nvidia'))).toBe(4096 * 2 ** 20);
  });

  it.each([
    ['a tool that fails', 'exit 9'],
    ['a tool that tells nothing', 'echo "[N/A], [N/A]"'],
    ['a card that is divided', 'echo "143771, Enabled"'],
    ['a card without an end', 'echo "Infinity, Disabled"; echo "1e400, Disabled"'],
    ['a tool that heeds no signal', "trap '' TERM; sleep 30"],
  ])('is 1 GiB beside %s', (name, script) => {
    withTool(name.replaceAll(' ', '-'), script);
    expect(bankMemoryOf(gpu('nvidia'))).toBe(UNTOLD);
  });

  it('is half of the card below a remark of the tool', () => {
    withTool('remark', 'printf "2 devices found\\n8192, Disabled\\n"');
    expect(bankMemoryOf(gpu('nvidia'))).toBe(4096 * 2 ** 20);
  });

  it("is half of AMD's smallest card", () => {
    const cards = folder.path('cards');
    for (const [card, bytes] of Object.entries({ card0: 2 ** 34, card1: 2 ** 33 })) {
      mkdirSync(join(cards, card, 'device'), { recursive: true });
      writeFileSync(join(cards, card, 'device', 'mem_info_vram_total'), `${bytes}\n`);
    }
    mkdirSync(join(cards, 'card0-HDMI-A-1'));
    expect(bankMemoryOf(gpu('amd'), cards)).toBe(2 ** 32);
  });

  it('is 1 GiB where nobody tells, and on a processor', () => {
    withTool('never', 'echo "143771, Disabled"');
    expect(bankMemoryOf(gpu('amd'), folder.path('nowhere'))).toBe(UNTOLD);
    expect(bankMemoryOf(gpu('intel'))).toBe(UNTOLD);
    expect(bankMemoryOf({ ...gpu('nvidia'), software: true })).toBe(UNTOLD);
    expect(bankMemoryOf({ ...gpu('nvidia'), executes: false })).toBe(UNTOLD);
  });
});
