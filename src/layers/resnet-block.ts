import type { Tensor } from '../tensor/tensor.ts';
import type { BatchNorm2d } from './batch-norm2d.ts';
import { Conv2d } from './conv2d.ts';
import type { Initialiser } from './init.ts';
import type { InstanceNorm2d } from './instance-norm2d.ts';
import { Module } from './module.ts';
import type { Norms } from './norms.ts';

/** x + [ReflectionPad 1, Conv 3×3, norm, ReLU, ReflectionPad 1, Conv 3×3, norm](x) on x [N,H,W,channels]. */
export class ResnetBlock extends Module {
  private readonly conv1: Conv2d;
  private readonly norm1: InstanceNorm2d | BatchNorm2d;
  private readonly conv2: Conv2d;
  private readonly norm2: InstanceNorm2d | BatchNorm2d;

  constructor(channels: number, init: Initialiser, norms: Norms) {
    super();
    const options = {
      inChannels: channels,
      outChannels: channels,
      kernelSize: 3,
      padding: 1,
      paddingMode: 'reflect',
      ...norms.convolution,
    } as const;
    this.conv1 = this.addModule('conv_block.1', new Conv2d(options, init));
    this.norm1 = this.addModule('conv_block.2', norms.make(channels, 'relu'));
    this.conv2 = this.addModule('conv_block.5', new Conv2d(options, init));
    this.norm2 = this.addModule('conv_block.6', norms.make(channels));
  }

  forward(x: Tensor): Tensor {
    const within = (name: string, part: () => Tensor) => x.device.within(`conv_block.${name}`, part);
    const first = within('1', () => this.conv1.forward(x));
    const inner = within('2', () => this.norm1.forward(first));
    const second = within('5', () => this.conv2.forward(inner));
    return within('6', () => this.norm2.forward(second, x));
  }
}
