import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { linearRule, paperFactor, referenceFactor } from '../../src/optim/schedule.ts';

const epochs = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe('learning-rate schedules', () => {
  it("gives the reference scheduler's rates, stepped after each epoch", () => {
    const { cases } = JSON.parse(readFileSync(new URL('../golden/ops/lr_linear.json', import.meta.url), 'utf8'));
    expect(cases).toHaveLength(3);
    for (const { lr, epoch_count, n_epochs, n_epochs_decay, lr_used_in_epoch } of cases) {
      lr_used_in_epoch.forEach((expected: number, i: number) => {
        const rate = lr * linearRule(epoch_count + i, n_epochs, n_epochs_decay);
        expect(Math.abs(rate - expected), `epoch ${epoch_count + i}`).toBeLessThan(1e-15 * lr);
      });
    }
  });

  it("steps before each epoch in the reference's training: 1 − max(0, e − 99) / 101 for 100 + 100 epochs", () => {
    for (const e of epochs(200)) expect(referenceFactor(e, 100, 100)).toBeCloseTo(1 - Math.max(0, e - 99) / 101, 14);
    expect(epochs(7).map((e) => referenceFactor(e, 4, 3))).toEqual([1, 1, 1, 0.75, 0.5, 0.25, 0]);
  });

  it('is constant for a tenth and falls to zero after the last epoch in the paper', () => {
    const factors = epochs(51).map((e) => paperFactor(e, 50));
    expect(factors.slice(0, 6)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(factors[50]).toBeCloseTo(0, 14);
    for (const e of epochs(45)) expect(factors[5 + e]).toBeCloseTo(1 - e / 45, 14);
  });
});
