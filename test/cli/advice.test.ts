import { expect, it, vi } from 'vitest';
import { whereLost } from '../../src/cli/advice.ts';
import { reportFailure } from '../../src/cli/failure.ts';
import {
  CyclopsError,
  DeviceLostError,
  DeviceUnavailableError,
  NoAdapterError,
  OutOfMemoryError,
  UnsupportedError,
} from '../../src/gpu/errors.ts';

/** What the command line prints of an error, as one line. */
function printed(error: CyclopsError): string {
  let text = '';
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((part) => {
    text += part;
    return true;
  });
  expect(reportFailure(error)).toBe(1);
  spy.mockRestore();
  return text.trimEnd().replaceAll('\n', ' ');
}

it.each<[CyclopsError, RegExp]>([
  [new NoAdapterError('None answered.', []), /None answered\. Then run `cyclops doctor`\.$/],
  [new NoAdapterError('None matches.', ['llvmpipe']), /None matches\. Choose one with --device/],
  [new UnsupportedError('No f16.', 'shader-f16'), /No f16\. Use --precision f32, .*--device.*`cyclops doctor`/],
  [
    new UnsupportedError('No matrices.', 'chromium-experimental-subgroup-matrix'),
    /No matrices\. Use --precision f32, .*--device.*`cyclops doctor`/,
  ],
  [new UnsupportedError('No times.', 'timestamp-query'), /No times\. Choose another device with --device/],
  [new UnsupportedError('Nothing.', 'execution'), /Nothing\. Choose a real device with --device/],
  [new OutOfMemoryError('Full.'), /Full\. To train, lower --batch-size, --crop-size, .*--precision mixed.*--tile/],
  [new DeviceUnavailableError('Shut.'), /Shut\. Close other programs that use it, then run the same command again\.$/],
  [new DeviceLostError('Lost.'), /Lost\. Run the same command again\.$/],
  [new CyclopsError('Else.'), /^cyclops: Else\.$/],
])('an error of the engine, which knows no options, is printed with advice that does: %s', (error, expected) => {
  expect(printed(error)).toMatch(expected);
});

it('a loss after which the work goes on by another command says which; other errors stay', async () => {
  const failing = (error: CyclopsError) =>
    whereLost('Continue with: cyclops train d --out r --resume', () => Promise.reject(error)).catch(printed);
  expect(await failing(new DeviceLostError('Lost.'))).toBe(
    'cyclops: Lost. Continue with: cyclops train d --out r --resume',
  );
  expect(await failing(new CyclopsError('Else.'))).toBe('cyclops: Else.');
});
