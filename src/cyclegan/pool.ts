import { detach } from '../autograd/tape.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { Variable } from '../gpu/variables.ts';
import { exchange, NOWHERE } from '../kernels/exchange.ts';
import type { FloatDType } from '../kernels/source.ts';
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
  /** All places, [size, H, W, C], once the shape of the images is known. */
  private places: Tensor | null = null;
  /** For each image of a batch the place to return and the place to store it in, or {@link NOWHERE}. */
  private choices: Variable | null = null;
  private count = 0;

  /**
   * @param size images to hold
   * @param random drawn from for each image that meets a full pool: once whether to swap, and if so (draw > ½) once more
   *   for the place
   * @param dtype how the images lie in memory; a saved state is f32 either way
   * @throws CyclopsError unless the size is a whole number from 0 on
   */
  constructor(
    readonly size: number,
    private readonly random: UniformSource,
    private readonly dtype: FloatDType = 'f32',
  ) {
    if (Number.isSafeInteger(size) && size >= 0) return;
    throw new CyclopsError(`An image pool holds a whole number of images from 0 on; got ${size}.`);
  }

  /**
   * Images [N,H,W,C] to show the discriminator in place of `images` [N,H,W,C], cut off from what made them. The draws belong
   * to the host's part of a step (`device.eachStep`).
   *
   * @throws CyclopsError when the pool holds images of another shape or type
   */
  query(images: Tensor): Tensor {
    if (this.size === 0) return detach(images);
    const { device, floatDType: dtype } = images;
    if (dtype !== this.dtype) {
      throw new CyclopsError(`The image pool holds images of ${this.dtype}; got ${images}. Convert them with cast().`);
    }
    const [batch = 0, ...shape] = images.shape;
    const places = this.allocated(device, shape);
    const choices = this.choicesFor(device, batch);
    device.eachStep(() => choices.set(Array.from({ length: batch }, () => this.choose()).flat()));
    const out = Tensor.empty(device, images.shape, dtype);
    exchange(device, {
      ...{ choices, images: images.slice, places: places.slice, out: out.slice },
      ...{ batch, length: images.size / batch, dtype },
    });
    return out;
  }

  /** Bytes of memory for the images, once there are any. */
  get bytes(): number {
    return this.places?.bytes ?? 0;
  }

  /** The stored images, to be saved. The state of the random draws is the caller's. */
  async state(): Promise<PoolState> {
    const { places, count } = this;
    if (!places || count === 0) return null;
    const shape = places.shape.slice(1);
    const length = places.size / this.size;
    return { shape: [count, ...shape], data: (await places.data()).slice(0, count * length) };
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
    if (!state) return;
    const places = this.allocated(device, shape);
    const data = new Float32Array(places.size);
    data.set(state.data);
    places.upload(data);
    this.count = count;
  }

  dispose(): void {
    this.places?.dispose();
    this.choices?.release();
    this.places = null;
    this.choices = null;
    this.count = 0;
  }

  /** The places, made at the first use; every later image has the same shape. */
  private allocated(device: Device, shape: readonly number[]): Tensor {
    this.places ??= keep(Tensor.empty(device, [this.size, ...shape], this.dtype));
    const held = this.places.shape.slice(1);
    if (held.join() === shape.join()) return this.places;
    throw new CyclopsError(
      `The image pool holds images of [${held.join(', ')}] (height, width, channels); got [${shape.join(', ')}]. ` +
        'A training run keeps one --crop-size and one number of channels.',
    );
  }

  private choicesFor(device: Device, batch: number): Variable {
    if (this.choices && this.choices.count >= 2 * batch) return this.choices;
    this.choices?.release();
    this.choices = device.variables.reserve(2 * batch);
    return this.choices;
  }

  /** Draws for one image: the place to return instead of it, and the place to store it in. */
  private choose(): [number, number] {
    if (this.count < this.size) return [NOWHERE, this.count++];
    if (this.random.uniform() <= 0.5) return [NOWHERE, NOWHERE];
    const place = Math.floor(this.random.uniform() * this.size);
    return [place, place];
  }
}
