import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type * as v from 'valibot';
import { described } from '../../data/files/json.ts';
import { readJson } from '../../data/files/json-file.ts';
import { readBytes } from '../../data/files/read.ts';
import { decodeSafetensors } from '../../data/files/safetensors.ts';
import { list } from '../../data/files/schema.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { fromReferenceLayout, permute, type StateTensor, toReferenceLayout } from '../../layers/layout.ts';
import type { Module } from '../../layers/module.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** Tensors of a golden file: images are [N,C,H,W], weights OIHW. */
export type Golden = Map<string, StateTensor<Float32Array>>;

/** @throws CyclopsError when the file is missing, damaged or holds anything but F32. */
export function readGolden(...path: string[]): Golden {
  const file = join(...path);
  const golden: Golden = new Map();
  for (const [name, tensor] of decodeSafetensors(read(file), file).tensors) {
    if (tensor.dtype !== 'F32') throw new CyclopsError(`${file}: tensor '${name}' is ${tensor.dtype}, expected F32.`);
    golden.set(name, tensor);
  }
  return golden;
}

/** A manifest as its README describes it. @throws CyclopsError when the file is missing, or holds something else */
export function readManifest<S extends v.GenericSchema>(schema: S, ...path: string[]): v.InferOutput<S> {
  const file = join(...path);
  requireThere(file);
  return readJson(file, described(schema, { holds: 'what golden data are', remedy: 'Fetch the golden data again.' }));
}

/** The cases of a group. @throws CyclopsError when there is no list of them, or one that is empty or lacks a name */
export function readIndex<S extends v.GenericSchema>(folder: string, one: S): v.InferOutput<S>[] {
  const cases = readManifest(list(one), folder, 'index.json');
  if (cases.length > 0) return cases;
  throw new CyclopsError(`${join(folder, 'index.json')} lists no cases by name. Fetch the golden data again.`);
}

function read(file: string): Uint8Array {
  requireThere(file);
  return readBytes(file);
}

function requireThere(file: string): void {
  if (existsSync(file)) return;
  throw new CyclopsError(
    `${file} is missing. Fetch the golden data again, or name the folder that holds ops/, nets/ and train/.`,
  );
}

/** The tensor `name` of a golden file. @throws CyclopsError when there is none. */
export function entry(golden: Golden, name: string): StateTensor<Float32Array> {
  const found = golden.get(name);
  if (found) return found;
  throw new CyclopsError(`The golden data lack the tensor '${name}'. Fetch them again.`);
}

/** Uploads images [N,C,H,W] as [N,H,W,C]; a tensor of another rank as it is, a scalar as [1]. */
export function uploadImages(device: Device, { shape, data }: StateTensor<Float32Array>): Tensor {
  const [n, c, h, w] = shape;
  if (n === undefined || c === undefined || h === undefined || w === undefined) {
    return Tensor.from(device, data, shape.length === 0 ? [1] : shape);
  }
  return Tensor.from(device, permute(data, shape, [0, 2, 3, 1]), [n, h, w, c]);
}

/** Reads images [N,H,W,C] back as [N,C,H,W]; a tensor of another rank as it is. */
export async function readImages(images: Tensor): Promise<Float32Array> {
  return permute(await images.data(), images.shape, [0, 3, 1, 2]);
}

/** Uploads a weight or bias in the device's layout. */
export function uploadWeight(device: Device, { shape, data }: StateTensor<Float32Array>): Tensor {
  const [o, c, kh, kw] = shape;
  const onDevice = o === undefined || c === undefined || kh === undefined || kw === undefined ? shape : [kh, kw, c, o];
  return Tensor.from(device, fromReferenceLayout(data, shape), onDevice);
}

/** The gradients of all parameters in the reference's names and layout; null stands for a gradient that never came. */
export async function gradients(module: Module): Promise<Map<string, Float32Array | null>> {
  const grads = new Map<string, Float32Array | null>();
  for (const [name, { grad, shape }] of module.namedParameters()) {
    grads.set(name, grad && toReferenceLayout(await grad.data(), shape).data);
  }
  return grads;
}
