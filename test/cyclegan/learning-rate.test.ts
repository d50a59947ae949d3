import { describe, expect, it } from 'vitest';
import type { TrainingConfig } from '../../src/cyclegan/config.ts';
import { learningRate, trainingLength } from '../../src/cyclegan/learning-rate.ts';
import { preset } from '../../src/cyclegan/presets.ts';

const config = (changes: Partial<TrainingConfig>): TrainingConfig => ({ ...preset('tiny'), ...changes });

describe('learning rate', () => {
  it('follows the reference: 1 − max(0, e − 99)/101 for 100 + 100 epochs', () => {
    const reference = config({ nEpochs: 100, nEpochsDecay: 100, schedule: 'reference' });
    const length = trainingLength(reference, 5);
    expect(length).toEqual({ steps: 1000, epochs: 200, stepsPerEpoch: 5 });
    for (const epoch of [1, 50, 99, 100, 101, 150, 199, 200]) {
      const expected = 2e-4 * (1 - Math.max(0, epoch - 99) / 101);
      expect(learningRate(reference, length, epoch)).toBeCloseTo(expected, 12);
    }
  });

  it("follows the paper's code: constant to E/10, then linear to 0 at E, stepped at the end of an epoch", () => {
    const paper = config({ nEpochs: 25, nEpochsDecay: 25, schedule: 'paper' });
    const length = trainingLength(paper, 5);
    expect(learningRate(paper, length, 1)).toBe(2e-4);
    expect(learningRate(paper, length, 6)).toBe(2e-4);
    expect(learningRate(paper, length, 7)).toBeCloseTo(2e-4 * (1 - 1 / 45), 12);
    expect(learningRate(paper, length, 50)).toBeCloseTo(2e-4 * (1 / 45), 12);
  });

  it('never wastes an epoch of a training that is counted in steps', () => {
    for (const steps of [1, 5, 23, 50]) {
      const counted = config({ steps });
      const length = trainingLength(counted, 5);
      expect(length.steps).toBe(steps);
      const rates = Array.from({ length: length.epochs }, (_, e) => learningRate(counted, length, e + 1) / 2e-4);
      expect(rates[0]).toBe(1);
      expect(Math.min(...rates)).toBeGreaterThan(0);
      expect(rates).toEqual(rates.toSorted((x, y) => y - x));
      expect(rates.filter((rate) => rate === 1)).toHaveLength(Math.ceil(length.epochs / 2));
    }
  });
});
