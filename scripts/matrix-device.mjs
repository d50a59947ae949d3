// Runs a command on a device with subgroup matrices (chromium-experimental-subgroup-matrix): this machine's own if it
// has them, else the software Vulkan of a newer Mesa, which it fetches from Debian into the cache folder
// ($CYCLOPS_CACHE, or cyclops in the user's) without installing anything. With --or-skip as first argument the command
// is left out, and it says why, where there is no such device. In the command, `node` and scripts that start with it
// run on that device.
import { runOn } from './newer-mesa/command.mjs';
import { probe, probeNewerMesa } from './newer-mesa/probe.mjs';

process.exit(
  runOn('matrix device', 'npm run matrix-device -- vitest run test/kernels/matrix', (say) => {
    const own = probe(process.env, 'matrices');
    if ('adapter' in own) return { ...own, env: process.env };
    const software = probeNewerMesa(say, 'matrices');
    return 'adapter' in software ? software : { reason: `${own.reason}, and ${software.reason}` };
  }),
);
