import { type DecodedImage, pixelsLike } from './decoded-image.ts';

/**
 * The image with the wanted number of channels. Gray to RGB repeats the value; RGB to gray is ITU-R 601 luma, of bytes in the integers of
 * PIL's convert('L'): (19595 R + 38470 G + 7471 B + 32768) >> 16. An image that fits comes back as it is.
 */
export function toChannels(image: DecodedImage, channels: 1 | 3): DecodedImage {
  if (image.channels === channels) return image;
  const { width, height, pixels: source } = image;
  const pixels = pixelsLike(source, width * height * channels);
  if (channels === 3) {
    for (let i = 0; i < pixels.length; i++) pixels[i] = source[Math.floor(i / 3)] ?? 0;
  } else {
    const rounded = source instanceof Uint8Array;
    for (let i = 0; i < pixels.length; i++) {
      const red = source[3 * i] ?? 0;
      const green = source[3 * i + 1] ?? 0;
      const blue = source[3 * i + 2] ?? 0;
      const luma = 19595 * red + 38470 * green + 7471 * blue;
      pixels[i] = rounded ? (luma + 32768) >> 16 : luma / 65536;
    }
  }
  return { width, height, channels, pixels };
}
