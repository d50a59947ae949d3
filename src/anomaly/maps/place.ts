import { placeMap } from '../../kernels/images/maps.ts';
import { imageExtents } from '../../tensor/shape.ts';
import { sliceBatch } from '../../tensor/slice.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { Plane } from './map.ts';
import { blendTiles, layOut } from './tiles.ts';

/**
 * A map as it lies in its image, averaged over its channels: each value in the middle of the pixels that it was made of, interpolated
 * bilinearly between them, and outside of all the nearest. What came tile by tile is placed tile by tile, and blended as tiles are.
 *
 * @param x the images [N, H, W, ·], one where there are tiles @param tile the side of tiles that it was laid out by; null for none
 * @returns [N, H, W, 1]; the map's own values where it has one for each pixel
 */
export function place({ values, field }: Plane, x: Tensor, tile: number | null): Tensor {
  const { h, w } = imageExtents('A map', x);
  if (values.shape[0] === 1 || tile === null) return placeAll(values, field, h, w);
  return blendTiles(x, layOut(x, tile), 1, ({ tileHeight, tileWidth }, k) =>
    placeAll(sliceBatch(values, k, k + 1), field, tileHeight, tileWidth),
  );
}

function placeAll(values: Tensor, { stride, offset }: Plane['field'], height: number, width: number): Tensor {
  const extents = imageExtents('A map', values);
  const { n, h, w, c } = extents;
  if (stride === 1 && offset === 0 && c === 1 && h === height && w === width) return values;
  const out = Tensor.empty(values.device, [n, height, width, 1]);
  placeMap(values.device, extents, { map: values.slice, out: out.slice, height, width, stride, offset });
  return out;
}
