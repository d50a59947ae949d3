import type { GraphBuilder, Value } from './graph.ts';
import type { Volume } from './layers.ts';
import type { Plane } from './networks.ts';

/**
 * The twin of `place`: a map as it lies in the image, averaged over channels and interpolated bilinearly, which is a matrix along each axis.
 *
 * @returns [N, 1, H, W]; the map's own values where it has one for each pixel
 */
export function place(graph: GraphBuilder, { volume, field }: Plane, { height, width }: Volume): Volume {
  const { channels } = volume;
  const { stride, offset } = field;
  const isPlaced = stride === 1 && offset === 0 && volume.height === height && volume.width === width;
  if (isPlaced && channels === 1) return volume;
  const mean = channels === 1 ? volume.value : graph.node('ReduceMean', [volume.value], { axes: { ints: [1] } });
  const down = interpolation(graph, height, volume.height, field);
  const across = interpolation(graph, width, volume.width, field);
  const rows = graph.node('MatMul', [down, mean]);
  const value = graph.node('MatMul', [rows, graph.node('Transpose', [across], { perm: { ints: [1, 0] } })]);
  return { value, channels: 1, height, width };
}

/** f32 [pixels, extent]: of which two values a pixel is made. */
function interpolation(graph: GraphBuilder, pixels: number, extent: number, { stride, offset }: Plane['field']): Value {
  return graph.constant(`interpolation_${extent}_by_${stride}_from_${offset}_to_${pixels}`, () => {
    const data = new Float32Array(pixels * extent);
    for (let pixel = 0; pixel < pixels; pixel++) {
      const at = Math.min(extent - 1, Math.max(0, (pixel - offset) / stride));
      const first = Math.floor(at);
      const next = Math.min(first + 1, extent - 1);
      const add = (place: number, weight: number) => {
        data[pixel * extent + place] = (data[pixel * extent + place] ?? 0) + weight;
      };
      add(first, 1 - (at - first));
      add(next, at - first);
    }
    return { shape: [pixels, extent], data };
  });
}
