// Runs a command on a device with subgroup matrices (chromium-experimental-subgroup-matrix): this machine's own if it
// has them, else the software Vulkan of a newer Mesa, which it fetches from Debian into the cache folder
// ($CYCLOPS_CACHE, or cyclops in the user's) without installing anything. With --or-skip as first argument the command
// is left out, and it says why, where there is no such device. In the command, `node` and scripts that start with it
// run on that device.
import { runOn } from './newer-mesa/command.mjs';
import { ensureMesa, mesaEnvironment } from './newer-mesa/mesa.mjs';
import { probe } from './newer-mesa/probe.mjs';

process.exit(
  runOn('matrix device', 'npm run matrix-device -- vitest run test/kernels/matrix', (say) => {
    const own = probe(process.env, 'matrices');
    if ('adapter' in own) return { ...own, env: process.env };
    const mesa = ensureMesa(say);
    if ('reason' in mesa) return { reason: `${own.reason}, and a Mesa that does cannot be fetched: ${mesa.reason}` };
    const env = mesaEnvironment(mesa.root);
    const software = probe(env, 'matrices');
    if ('adapter' in software) return { ...software, env };
    return { reason: `${software.reason}, with the Mesa in ${mesa.root}. Delete it to fetch it again` };
  }),
);
