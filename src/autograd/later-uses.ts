import type { Device } from '../gpu/device.ts';
import type { Layer } from '../gpu/launch.ts';
import type { GradNode, PutOff, Walk } from '../tensor/record.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What one backward pass knows of operations still to come, and what it does only when they do. */
export class LaterUses implements Walk<Tensor> {
  /** Of each leaf. */
  private readonly uses = new Map<Tensor, number>();
  private readonly waiting = new Map<Tensor, { work: PutOff; layer: Layer | null }>();

  constructor(
    private readonly device: Device,
    nodes: readonly GradNode<Tensor>[],
  ) {
    for (const leaf of nodes.flatMap(leavesOf)) this.uses.set(leaf, this.count(leaf) + 1);
  }

  /** Tells of each operation when its turn comes, whether or not it has anything to differentiate. */
  pass(node: GradNode<Tensor>): void {
    for (const leaf of leavesOf(node)) this.uses.set(leaf, this.count(leaf) - 1);
  }

  comesAgain(leaf: Tensor): boolean {
    return this.count(leaf) > 0;
  }

  putOff(leaf: Tensor, work: PutOff): void {
    this.waiting.set(leaf, { work, layer: this.device.layer });
  }

  taken(leaf: Tensor): PutOff | null {
    const found = this.waiting.get(leaf);
    this.waiting.delete(leaf);
    return found?.work ?? null;
  }

  /** Does what nobody took. */
  finish(): void {
    for (const { work, layer } of this.waiting.values()) this.device.backwardOf(layer, () => work.doAlone());
    this.waiting.clear();
  }

  private count(leaf: Tensor): number {
    return this.uses.get(leaf) ?? 0;
  }
}

function leavesOf({ inputs }: GradNode<Tensor>): Tensor[] {
  return inputs.filter(({ node, requiresGrad }) => node === null && requiresGrad);
}
