import { expect, it } from 'vitest';
import { calibrate, evaluate, paperProtocol, score, train, translate, UsageError } from '../../../src/workflow.ts';

/** What a program without types may ask for: each workflow takes options that any of them could. */
type Workflow = (options: Record<string, unknown>) => unknown;
const workflows = { calibrate, evaluate, paperProtocol, score, train, translate } as unknown as Record<
  string,
  Workflow
>;

it.each<[string, Record<string, unknown>, RegExp]>([
  ['train', { out: 'run' }, /^train: data is missing; expected a path\.$/],
  ['train', { data: 'data', out: '' }, /^train: out is ""; expected a path\.$/],
  [
    'train',
    { data: 'data', out: 'run', stesp: 5 },
    /^train: stesp is 5; expected no option of this name, but any of .*config/,
  ],
  ['train', { data: 'data', out: 'run', aIs: 'nope' }, /aIs is "nope"; expected normal or abnormal/],
  ['train', { data: 'data', out: 'run', preset: 'huge' }, /preset is "huge"; expected tiny, .* or paper256/],
  [
    'train',
    { data: 'data', out: 'run', signal: new AbortController() },
    /signal is .*; expected the signal of an AbortController/,
  ],
  ['train', { data: 'data', out: 'run', device: {} }, /device is .*; expected an open device/],
  ['paperProtocol', { data: 'data', out: 'run', folds: 3 }, /folds is 3; expected no option of this name/],
  [
    'calibrate',
    { run: 'run', rule: 'recall=2' },
    /rule is "recall=2"; expected one of zfn\+0\.1, zfn, max-f1, max-accuracy, recall=0.99/,
  ],
  ['calibrate', { run: 'run', threshold: Number.NaN }, /threshold is NaN; expected a number/],
  ['calibrate', { run: 'run', threshold: Number.POSITIVE_INFINITY }, /threshold is Infinity; expected a number/],
  ['evaluate', { model: 'run', data: 'data', pictures: '40MB' }, /pictures is "40MB"; expected a number from 0 up/],
  ['evaluate', { model: 'run', data: 'data', tile: 26 }, /tile is 26; expected a multiple of 4 from 24 on/],
  ['score', { model: 'run', images: 'new' }, /images is "new"; expected a list/],
  ['score', { model: 'run', images: [], map: 5 }, /map is 5; expected the name of a map/],
  ['score', { model: 'run', images: [], tile: 0 }, /tile is 0; expected a multiple of 4 from 24 on/],
  ['score', { model: 'run', images: [], threshold: Number.NaN }, /threshold is NaN; expected a number/],
  ['translate', { model: 'run', images: [], to: 'nope' }, /to is "nope"; expected normal or abnormal/],
  ['translate', { model: 'run', images: [] }, /to is missing; expected normal or abnormal/],
])('%s refuses %o', async (name, options, message) => {
  const refused = expect(async () => await workflows[name]?.(options)).rejects;
  await refused.toThrow(UsageError);
  await expect(async () => await workflows[name]?.(options)).rejects.toThrow(message);
});
