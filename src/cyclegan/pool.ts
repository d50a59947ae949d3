import { detach } from '../autograd/tape.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { copy } from '../kernels/elementwise.ts';
import { keep } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';

/** The images a pool holds, in the order of their places: [count, H, W, C], row-major; null while there is none. */
export type PoolState = { readonly shape: readonly number[]; readonly data: Float32Array } | null;

/** Numbers in [0, 1), such as a RandomStream's. */
export interface UniformSource {
  uniform(): number;
}

/**
 * A history of generated images, so that a discriminator also sees what the generator made a while ago. Image by image:
 * while the pool is not full, store it and return it; once full, with probability ½ return a random stored image and put
 * the new one in its place, else return the new one. A pool of size 0 returns what it is given.
 *
 * Source: Shrivastava et al., "Learning from Simulated and Unsupervised Images through Adversarial Training", §2.3.
 */
export class ImagePool {
  private readonly stored: Tensor[] = [];

  /**
   * @param size images to hold
   * @param random drawn from for each image that meets a full pool: once whether to swap, and if so (draw > ½) once more
   *   for the place
   */
  constructor(
    readonly size: number,
    private readonly random: UniformSource,
  ) {}

  /**
   * Images [N,H,W,C] to show the discriminator in place of `images` [N,H,W,C], cut off from what made them.
   *
   * @throws CyclopsError when the pool holds images of another shape
   */
  query(images: Tensor): Tensor {
    if (this.size === 0) return detach(images);
    const { device } = images;
    const [batch = 0, ...shape] = images.shape;
    const [first] = this.stored;
    if (first && first.shape.join() !== shape.join()) {
      throw new CyclopsError(
        `The image pool holds images of [${first.shape.join(', ')}] (height, width, channels); got [${shape.join(', ')}]. ` +
          'A training run keeps one --crop-size and one number of channels.',
      );
    }
    const out = Tensor.empty(device, images.shape);
    const length = images.size / batch;
    for (let start = 0; start < images.size; start += length) {
      const full = this.stored.length === this.size;
      const old =
        full && this.random.uniform() > 0.5 ? this.stored[Math.floor(this.random.uniform() * this.size)] : undefined;
      if (old) copy(device, old.slice, out.slice, length, 0, start);
      else copy(device, images.slice, out.slice, length, start, start);
      const place = full ? old : this.add(device, shape);
      if (place) copy(device, images.slice, place.slice, length, start, 0);
    }
    return out;
  }

  /** The stored images, to be saved. The state of the random draws is the caller's. */
  async state(): Promise<PoolState> {
    const [first] = this.stored;
    if (!first) return null;
    const data = new Float32Array(this.stored.length * first.size);
    for (const [i, image] of this.stored.entries()) data.set(await image.data(), i * first.size);
    return { shape: [this.stored.length, ...first.shape], data };
  }

  /**
   * Replaces the stored images.
   *
   * @throws CyclopsError when there are more of them than the pool holds
   */
  loadState(device: Device, state: PoolState): void {
    const [count = 0, ...shape] = state?.shape ?? [];
    if (count > this.size) {
      throw new CyclopsError(
        `An image pool of ${this.size} cannot take the ${count} images of the checkpoint; resume with the --pool-size it was trained with.`,
      );
    }
    this.dispose();
    for (let i = 0; i < count; i++) {
      const image = this.add(device, shape);
      image.upload(state?.data.subarray(i * image.size, (i + 1) * image.size) ?? []);
    }
  }

  dispose(): void {
    for (const image of this.stored.splice(0)) image.dispose();
  }

  private add(device: Device, shape: readonly number[]): Tensor {
    const place = keep(Tensor.empty(device, shape));
    this.stored.push(place);
    return place;
  }
}
