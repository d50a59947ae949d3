import type { HeatScale } from '../../anomaly/calibration/heatmap-scale.ts';
import type { Size } from '../../data/images/bank.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';
import { heatShare, paintHeatmap, THRESHOLD_SHARE } from './heatmap.ts';

/** How much of the colour a pixel shows at the threshold and above; below it fades out, so that the picture shows. */
const HOT_OPACITY = 0.7;

/** A heat map, and the part of the judged image that it covers. */
interface JudgedHeatmap {
  /** [height, width], of the judged image without the borders that were cut to a multiple of 4. */
  values: Float32Array;
  width: number;
  height: number;
  /** The size at which the image was judged. */
  judged: Size;
}

/**
 * Lays a heat map over the picture that it belongs to, at the picture's own size.
 *
 * @param scale of its colours, the same for every image of a set
 * @returns RGB bytes [height, width, 3] of the picture's size
 */
export function overlayHeatmap(picture: DecodedImage, heatmap: JudgedHeatmap, scale: HeatScale): Uint8Array {
  const { width, height, channels, pixels } = picture;
  const { judged, values } = heatmap;
  const [left, top] = [(judged.width - heatmap.width) >> 1, (judged.height - heatmap.height) >> 1];
  const columns = nearest(width, judged.width, left, heatmap.width);
  const rows = nearest(height, judged.height, top, heatmap.height);
  // Once for each value, of which a picture that was shrunk shows each several times.
  const colors = paintHeatmap(values, heatmap.width, heatmap.height, scale);
  const opacities = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++)
    opacities[i] = HOT_OPACITY * Math.min(1, heatShare(values[i] ?? 0, scale) / THRESHOLD_SHARE) ** 2;
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const row = (rows[y] ?? 0) * heatmap.width;
    for (let x = 0; x < width; x++) {
      const place = row + (columns[x] ?? 0);
      const opacity = opacities[place] ?? 0;
      const pixel = y * width + x;
      for (let c = 0; c < 3; c++) {
        const own = pixels[channels === 1 ? pixel : 3 * pixel + c] ?? 0;
        rgb[3 * pixel + c] = Math.round(own + opacity * ((colors[3 * place + c] ?? 0) - own));
      }
    }
  }
  return rgb;
}

/** For each place along a side of the picture, the place of the heat map that covers it, or the nearest at a cut border. */
function nearest(length: number, judged: number, cut: number, covered: number): number[] {
  return Array.from({ length }, (_, i) =>
    Math.min(covered - 1, Math.max(0, Math.floor(((i + 0.5) * judged) / length) - cut)),
  );
}
