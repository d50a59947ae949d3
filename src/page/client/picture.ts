/** A picture with its heat map over it. */
import { heatColor, THRESHOLD_SHARE } from '../../report/parts/heatmap.ts';
import type { Heat } from './entry.ts';

/** The longest side of a picture in the page; larger ones are shown smaller. */
const LONGEST = 1600;

/** The picture as the detector sees it, turned as its Exif orientation says; null where the browser cannot show it. */
export async function readPicture(file: Blob): Promise<ImageBitmap | null> {
  return createImageBitmap(file, { colorSpaceConversion: 'none' }).catch(() => null);
}

/** Draws the picture alone into a canvas of its shape. */
export function drawPicture(canvas: HTMLCanvasElement, bitmap: ImageBitmap, longest = LONGEST): void {
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
}

/**
 * Lays a heat map over what the canvas shows. What is below the threshold fades out, so that the picture shows.
 *
 * @param strength from 0, nothing of it, to 1, hot pixels opaque
 */
export function drawHeat(canvas: HTMLCanvasElement, { shares, width, height, judged }: Heat, strength: number): void {
  const context = canvas.getContext('2d');
  if (!context || strength === 0) return;
  const pixels = new ImageData(width, height);
  shares.forEach((value, i) => {
    const share = value / 255;
    const opacity = strength * Math.min(1, share / THRESHOLD_SHARE) ** 2;
    pixels.data.set([...heatColor(share), Math.round(255 * opacity)], 4 * i);
  });
  const layer = new OffscreenCanvas(width, height);
  layer.getContext('2d')?.putImageData(pixels, 0, 0);
  // Borders of up to 3 px of the judged image were cut evenly.
  const [across, down] = [canvas.width / judged.width, canvas.height / judged.height];
  const [left, top] = [(judged.width - width) >> 1, (judged.height - height) >> 1];
  context.imageSmoothingEnabled = false;
  context.drawImage(layer, left * across, top * down, width * across, height * down);
}
