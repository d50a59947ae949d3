const PASSES = 32;

/**
 * The step of a device's timestamps in nanoseconds, which is what all of several are multiples of: 65,536 times something where Dawn rounds
 * them. Null where the device was opened without the feature `timestamp-query`.
 */
export async function timestampStep(device: GPUDevice): Promise<bigint | null> {
  if (!device.features.has('timestamp-query')) return null;
  const count = 2 * PASSES;
  const querySet = device.createQuerySet({ label: 'timestamp step', type: 'timestamp', count });
  const buffer = (usage: number) => device.createBuffer({ label: 'timestamp step', size: 8 * count, usage });
  const resolved = buffer(GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC);
  const staging = buffer(GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ);
  const encoder = device.createCommandEncoder();
  for (let i = 0; i < PASSES; i++) {
    const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
    encoder.beginComputePass({ timestampWrites }).end();
  }
  encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, staging, 0, 8 * count);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const times = new BigUint64Array(staging.getMappedRange().slice());
  for (const resource of [querySet, resolved, staging]) resource.destroy();
  return times.reduce(greatestCommonDivisor, 0n);
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}
