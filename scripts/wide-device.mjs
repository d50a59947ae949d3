// Runs a command on the CPU by 16 lanes, as processors with AVX-512 can: on the software Vulkan of a newer Mesa, which
// it fetches as matrix-device.mjs does. A training step takes nine tenths of the time there; see docs/performance.md.
// With --or-skip as first argument the command is left out, and it says why, where that cannot be. In the command, `node`
// and scripts that start with it run on that device.
import { readFileSync } from 'node:fs';
import { runOn } from './newer-mesa/command.mjs';
import { probeNewerMesa } from './newer-mesa/probe.mjs';

function hasWideRegisters() {
  return process.platform === 'linux' && /\bavx512f\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
}

process.exit(
  runOn('wide device', 'npm run wide-device -- npx cyclops train my-data', (say) => {
    if (!hasWideRegisters()) return { reason: 'this processor has no AVX-512, so that no 16 lanes compute in step' };
    return probeNewerMesa(say, 'lanes', { LP_NATIVE_VECTOR_WIDTH: '512' });
  }),
);
