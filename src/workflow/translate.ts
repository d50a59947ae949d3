import type { DetectorNetworks } from '../anomaly/detector/detector-networks.ts';
import { tileOption } from '../anomaly/detector/detector-options.ts';
import { wholeImage } from '../anomaly/detector/whole-image.ts';
import { cropImage, PictureMosaic, windowsOf } from '../anomaly/detector/windows.ts';
import { noGrad } from '../autograd/tape.ts';
import { toImage } from '../cyclegan/tensor-image.ts';
import { decodeImage } from '../data/images/decode.ts';
import type { ByteImage, DecodedImage } from '../data/images/decoded-image.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { Module } from '../layers/module.ts';
import { scope } from '../tensor/scope.ts';
import type { Listener } from './common/listener.ts';
import { openNetworks } from './common/model.ts';
import { callback, checkOptions, label, path, paths, RUNNING } from './common/options.ts';
import { tuneTranslation } from './common/tuning.ts';
import { type DeviceOption, onDevice } from './common/with-device.ts';

export interface TranslateOptions extends DeviceOption, Listener {
  /** Model file or run folder, which need not be calibrated. */
  model: string;
  /** Image files. */
  images: readonly string[];
  /** What to make of them. */
  to: 'normal' | 'abnormal';
  /** Takes the images that cannot be read, and why; without, the first of them is thrown. */
  onBroken?: ((path: string, reason: string) => void) | undefined;
  /** The largest side of a tile of images larger than the model's size, a multiple of 4; without it, images are shrunk to that size. */
  tile?: number | undefined;
}

/** An image file, and what a generator makes of it, at the model's size. */
export interface Translation {
  path: string;
  image: ByteImage;
}

/**
 * Translates images, each given out as soon as it is done.
 *
 * @throws UsageError for options that cannot be @throws CyclopsError for a model or an image that cannot be read
 */
export function translate(options: TranslateOptions): AsyncGenerator<Translation> {
  checkOptions('translate', options, {
    ...RUNNING,
    model: path,
    images: paths,
    to: label,
    tile: tileOption,
    onBroken: callback,
  });
  return onDevice(options, (device) => translateOn(device, options));
}

async function* translateOn(device: Device, options: TranslateOptions): AsyncGenerator<Translation> {
  const { model, images, to, tile, onBroken, signal, tune = true } = options;
  const detector = openNetworks(device, model, tile);
  try {
    const generator = to === 'normal' ? detector.networks.G_A : detector.networks.G_B;
    await tuneTranslation(detector, generator, { ...options, tune });
    for (const path of images) {
      const image = await decodeImage(path, detector.config.range).catch((error: unknown) => {
        if (!(onBroken && error instanceof CyclopsError)) throw error;
        onBroken(path, error.message);
        return null;
      });
      if (image) yield { path, image: await translated(detector, generator, image) };
      if (signal?.aborted) return;
    }
  } finally {
    detector.dispose();
  }
}

async function translated(detector: DetectorNetworks, generator: Module, image: DecodedImage): Promise<ByteImage> {
  const large = windowsOf(detector, image);
  if (!large) return await translatedWhole(detector, generator, image);
  const mosaic = new PictureMosaic(large.extent);
  for (const window of large.windows)
    mosaic.put(await translatedWhole(detector, generator, await cropImage(image, window)), window);
  return mosaic.picture;
}

async function translatedWhole(detector: DetectorNetworks, generator: Module, image: DecodedImage): Promise<ByteImage> {
  const x = wholeImage(detector.device, image, detector.shown);
  const made = scope(() => noGrad(() => generator.forward(x)));
  try {
    return await toImage(made);
  } finally {
    made.dispose();
    x.dispose();
  }
}
