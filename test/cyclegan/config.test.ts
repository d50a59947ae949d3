import { describe, expect, it } from 'vitest';
import { CONFIG_FIELDS, optionName, parseConfig } from '../../src/cyclegan/config.ts';
import { modelOptions } from '../../src/cyclegan/model-options.ts';
import { PRESET_NAMES, preset } from '../../src/cyclegan/presets.ts';
import { expectRefusal } from '../data/support.ts';

const TINY = { ...preset('tiny'), loadSize: 64, cropSize: 48 };
const parse = (changes: Record<string, unknown>) => parseConfig({ ...TINY, ...changes }, 'the options');

describe('presets', () => {
  it.each(PRESET_NAMES)('%s passes its own validation', (name) => {
    expect(parseConfig(preset(name), name)).toEqual(preset(name));
  });

  it('paper256 has the constants of the paper', () => {
    expect(preset('paper256')).toMatchObject({
      ...{ blocks: 9, ngf: 64, ndf: 64, loadSize: 256, cropSize: 256, batchSize: 16 },
      ...{ schedule: 'paper', adam: 'per-d', lr: 2e-4, beta1: 0.5, beta2: 0.999 },
      ...{ lambdaA: 10, lambdaB: 10, lambdaIdentity: 0.5, poolSize: 50 },
    });
    const { nEpochs, nEpochsDecay } = preset('paper256');
    expect(nEpochs + nEpochsDecay).toBe(200);
  });

  it('refuses a name that is not in the table', () => {
    expectRefusal(() => preset('huge'), "'huge'", 'tiny, quick, segment, small, paper256');
  });
});

describe('parseConfig', () => {
  it.each<[string, Record<string, unknown>, ...string[]]>([
    ['a crop that is no multiple of 4', { cropSize: 50 }, '--crop-size', '50', 'multiple of 4'],
    ['a crop below what the discriminator can see', { cropSize: 20 }, '--crop-size', 'from 24'],
    ['a crop larger than the image', { cropSize: 68 }, '--crop-size 68', '--load-size 64'],
    ['two channels', { inputNc: 2 }, '--input-nc', '1 or 3'],
    ['a fraction of a batch', { batchSize: 1.5 }, '--batch-size', 'whole number'],
    ['a batch of none', { batchSize: 0 }, '--batch-size', 'from 1'],
    ['an unknown precision', { precision: 'f16' }, '--precision', 'f32, mixed or split'],
    ['an average that never forgets', { ema: 1 }, '--ema', '1'],
    ['an unknown loss', { ganMode: 'hinge' }, '--gan-mode', 'lsgan or vanilla'],
    ['a negative weight', { lambdaA: -1 }, '--lambda-A', '-1'],
    ['a discriminator that small crops do not fill', { nLayersD: 4 }, '--n-layers-D', '1 to 3'],
    ['half a crop', { domainCrops: 0.5 }, '--domain-crops', 'whole number from 0'],
    ['a segmenter that nothing teaches', { netD: 'unet' }, '--netD unet', '--domain-crops'],
    ['an unknown discriminator', { netD: 'pixel' }, '--netD', 'patch or unet'],
    ['a third of a transplant', { transplants: 1 / 3 }, '--transplants', 'whole number from 0'],
    ['a learning rate that is NaN', { lr: Number.NaN }, '--lr', 'number from 0 to 1'],
    ['discriminators that learn at a multiple of nothing', { lr: 0, lrD: 0.1 }, '--lr-D 0.1', '--lr 0'],
    ['a first moment that never forgets', { beta1: 1 }, '--beta1', '1'],
    ['no epoch', { nEpochs: 0, nEpochsDecay: 0 }, '--n-epochs 0', 'at least one'],
    ['a missing value', { seed: undefined }, '--seed is missing'],
    ['smaller images for no crops', { shrink: 0.5 }, '--shrink 0.5', '--domain-crops'],
    ['no smaller images', { shrink: 0.5, domainCrops: 2, loadSize: 64, cropSize: 64 }, '--shrink 0.5', '--crop-size'],
    ['a warm-up of nobody', { warmUp: 3 }, '--warm-up 3', '--netD unet'],
    ['planes of gray networks', { planes: ['near', 'wide', 'whole'], inputNc: 1 }, '--planes', '--input-nc is 1'],
    [
      'planes evened out twice',
      { planes: ['near', 'wide', 'whole'], localContrast: true },
      '--planes',
      '--local-contrast',
    ],
    ['an option of another version', { warmup: 3 }, 'warmup'],
  ])('refuses %s', (_, changes, ...texts) => {
    expectRefusal(() => parse(changes), ...texts);
  });

  it('says in short what came, however much it is', () => {
    const deep: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    expectRefusal(
      () => parse({ ganMode: deep }),
      '--gan-mode is a list of 1 in the options; expected lsgan or vanilla',
    );
    expectRefusal(() => parse({ ganMode: 'x'.repeat(1e6) }), '--gan-mode is "xxx', '(1000000 characters)');
  });

  it('names the file that it came from', () => {
    expectRefusal(() => parseConfig([], '/runs/x/config.json'), '/runs/x/config.json');
    expectRefusal(() => parseConfig('tiny', '/runs/x/config.json'), '/runs/x/config.json');
  });

  it('reads what runs wrote before there were all choices', () => {
    const { precision: _p, ema: _e, cropDefects: _c, localContrast: _l, domainCrops: _d, nLayersD: _n, ...old } = TINY;
    const before = { precision: 'f32', ema: 0, cropDefects: false, localContrast: false, domainCrops: 0, nLayersD: 3 };
    expect(parseConfig(old, 'config.json')).toEqual({ ...TINY, ...before });
  });

  it('takes zero where zero switches something off', () => {
    const off = { lambdaIdentity: 0, poolSize: 0, sampleInterval: 0, lambdaA: 0 };
    expect(parse(off)).toMatchObject(off);
    expect(parse({ steps: 7, nEpochs: 0, nEpochsDecay: 0 }).steps).toBe(7);
    expect(modelOptions(parse({ lr: 0, lrD: 0 }))).toMatchObject({ lr: 0, discriminatorRate: 1 });
  });
});

it('spells options as users of the reference do', () => {
  const names = CONFIG_FIELDS.map(optionName);
  for (const known of [
    '--lambda-A',
    '--lambda-B',
    '--lambda-identity',
    '--pool-size',
    '--ngf',
    '--load-size',
    '--input-nc',
    '--n-layers-D',
  ]) {
    expect(names).toContain(known);
  }
  for (const known of ['--n-epochs', '--n-epochs-decay', '--gan-mode', '--beta1', '--batch-size']) {
    expect(names).toContain(known);
  }
});
