/**
 * Judges images in a program: a model file in, then images, and for each its scores, whether it is flagged, and where it differs from what it
 * should look like. Needs WebGPU and nothing of Node, unless it is given a path or the bytes of an image file.
 */

// Judging images.

export {
  Detector,
  type DetectorOptions,
  type HeatMap,
  type ImageInput,
  type Judgement,
  type PixelImage,
  type ScoreImageOptions,
} from './anomaly/detector/detector.ts';
export type { DecodedImage } from './data/images/decoded-image.ts';

// The device, and why things are refused.

export { Device, type DeviceOptions } from './gpu/device.ts';
export { CyclopsError, DeviceLostError, DeviceUnavailableError, NoAdapterError } from './gpu/errors.ts';
