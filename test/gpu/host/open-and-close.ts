// Run with --expose-gc: opens devices, closes each while it owes an answer, and lets the collector have what is left of it.
import { openDawn } from '../../../src/gpu/host/dawn.ts';

const { gc } = globalThis as { gc?: () => void };
if (!gc) throw new Error('run with --expose-gc');

async function openAndClose(): Promise<void> {
  const adapter = await openDawn({}).gpu.requestAdapter();
  const device = await adapter?.requestDevice();
  if (!device) throw new Error('no device');
  device.queue.onSubmittedWorkDone().catch(() => {});
  device.lost.catch(() => {});
  device.destroy();
}

for (let i = 0; i < 20; i++) {
  await openAndClose();
  gc();
  await new Promise((resume) => setImmediate(resume));
}
process.stdout.write('all closed\n');
