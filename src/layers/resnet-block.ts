import type { Tensor } from '../tensor/tensor.ts';
import { Conv2d } from './conv2d.ts';
import type { Initialiser } from './init.ts';
import { InstanceNorm2d } from './instance-norm2d.ts';
import { Module } from './module.ts';

/** x + [ReflectionPad 1, Conv 3×3, IN, ReLU, ReflectionPad 1, Conv 3×3, IN](x) on x [N,H,W,channels]. */
export class ResnetBlock extends Module {
  private readonly conv1: Conv2d;
  private readonly norm1 = new InstanceNorm2d({ activation: 'relu' });
  private readonly conv2: Conv2d;
  private readonly norm2 = new InstanceNorm2d();

  constructor(channels: number, init: Initialiser) {
    super();
    const options = {
      inChannels: channels,
      outChannels: channels,
      kernelSize: 3,
      padding: 1,
      paddingMode: 'reflect',
      deadBias: true,
    } as const;
    this.conv1 = this.addModule('conv_block.1', new Conv2d(options, init));
    this.conv2 = this.addModule('conv_block.5', new Conv2d(options, init));
  }

  forward(x: Tensor): Tensor {
    const within = (name: string, part: () => Tensor) => x.device.within(`conv_block.${name}`, part);
    const first = within('1', () => this.conv1.forward(x));
    const inner = within('2', () => this.norm1.forward(first));
    const second = within('5', () => this.conv2.forward(inner));
    return within('6', () => this.norm2.forward(second, x));
  }
}
