import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { reportFailure, wrap } from '../../src/cli/failure.ts';
import { toByteCount } from '../../src/cli/options.ts';
import { duration } from '../../src/cli/text/progress.ts';
import { here } from './here.ts';
import { cyclops, makeData, temporaryFolder } from './support.ts';

const folder = temporaryFolder();
let data: string;

beforeAll(() => {
  data = makeData(folder.path('data'), { normal: 2, abnormal: 2 });
});

afterAll(() => folder.remove());

vi.setConfig({ testTimeout: 240_000 });

it.each([
  ['0', 0],
  ['500000', 500_000],
  ['500kB', 500_000],
  ['30MB', 30_000_000],
  [' 1.5 gb ', 1_500_000_000],
])('reads %j as so many bytes', (text, bytes) => {
  expect(toByteCount(text)).toBe(bytes);
});

describe('wrong use ends with code 2 and says what is wrong', () => {
  const train = (...options: string[]) => ['train', data, '--out', folder.path('never'), ...options];
  it.each<[string, () => string[], RegExp]>([
    ['no command', () => [], /Usage: cyclops/],
    [
      'an empty option',
      () => ['evaluate', 'run', data, '--report', ''],
      /^cyclops: --report is empty\. Give it a value/,
    ],
    ['an empty argument', () => ['verify', ''], /^cyclops: <\w+> is empty\./],
    ['an unknown command', () => ['dance'], /unknown command 'dance'/],
    ['an unknown option', () => train('--epochs', '5'), /unknown option '--epochs'/],
    ['a missing argument', () => ['evaluate', 'run'], /missing required argument 'data'/],
    ['no --out', () => ['train', data], /'--out <run>' not specified/],
    ['no --to', () => ['translate', 'run', 'image.png'], /'--to <domain>' not specified/],
    [
      'a number that is none',
      () => train('--ngf', 'many'),
      /'--ngf <number>' argument 'many' is invalid. Expected a number/,
    ],
    [
      'an unknown preset',
      () => train('--preset', 'huge'),
      /'huge' is invalid. Allowed choices are tiny, quick, segment, small, paper256/,
    ],
    ['a size that is no multiple of 4', () => train('--crop_size', '50'), /--crop-size is 50 .* multiple of 4/],
    [
      'a crop that does not fit',
      () => train('--load-size', '48', '--crop-size', '64'),
      /--crop-size 64 is larger than --load-size 48/,
    ],
    [
      'a kernel that is none',
      () => train('--variant', 'conv2d.forward=huge'),
      /no variant 'huge'; expected one of .*tiled/,
    ],
    [
      'a tile that is no multiple of 4',
      () => ['score', 'run', 'x.png', '--tile', '30'],
      /Expected a multiple of 4 from 24 on/,
    ],
    ['a kernel of nothing', () => train('--variant', 'huge'), /expected OPERATION=VARIANT/],
    [
      'a report that is named as its own figures',
      () => ['evaluate', 'run', data, '--report', 'out/report.json'],
      /out\/report.json should name the page/,
    ],
    [
      'pictures without a report',
      () => ['evaluate', 'run', data, '--pictures', '30MB'],
      /--pictures belongs to a report. Name one with --report/,
    ],
    [
      'pictures in another unit',
      () => ['evaluate', 'run', data, '--report', 'r.html', '--pictures', '30 sheets'],
      /Expected a number of bytes, such as 500kB, 30MB or 1GB/,
    ],
    ['a generator of another family', () => train('--netG', 'unet_256'), /resnet_9blocks/],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await here(...args());
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/ at \S+:\d+/);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

describe('what words hold that were typed wrong never reaches the terminal as it is', () => {
  const word = 'x\u001b[31m\u0007\u202e.png';
  const shown = 'x\\u001b[31m\\u0007\\u202e.png';
  it.each([
    ['an option', ['score', 'run', `--${word}`]],
    ['a command', [word]],
    ['a preset', ['train', 'data', '--out', 'never', '--preset', word]],
    ['a tile', ['score', 'run', 'x.png', '--tile', word]],
    ['a kernel', ['train', 'data', '--out', 'never', '--variant', word]],
    ['a kernel to show', ['kernels', word]],
  ])('%s', async (_, args) => {
    const { code, stdout, stderr } = await here(...args);
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(code).toBe(2);
    expect(stderr).toContain(shown);
  });
});

it('a process of its own ends with the code', async () => {
  const { code, stderr } = await cyclops('train', data, '--out', folder.path('never'), '--crop-size', '30');
  expect(stderr).toMatch(/--crop-size is 30/);
  expect(code).toBe(2);
});

describe('asking is no fault', () => {
  it('--help of the program names every command', async () => {
    const { code, stdout } = await here('--help');
    for (const name of ['doctor', 'train', 'evaluate', 'score', 'translate', 'verify', 'kernels', 'demo'])
      expect(stdout).toContain(`  ${name} `);
    expect(code).toBe(0);
  });

  it.each(['train', 'evaluate', 'verify', 'demo'])('%s --help', async (name) => {
    const { code, stdout } = await here(name, '--help');
    expect(stdout).toContain(`Usage: cyclops ${name}`);
    expect(stdout).toContain('--device <name>');
    expect(stdout).toContain('--quiet');
    expect(code).toBe(0);
  });

  it('--version', async () => {
    expect(await cyclops('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  it('doctor names the device and what it can do', async () => {
    const { code, stdout, stderr } = await cyclops('doctor');
    expect(stdout).toMatch(/^adapter +\S/m);
    expect(stdout).toMatch(/^matrices +(none|M \d+, N \d+, K \d+: f16 into f16)$/m);
    expect(stdout).toMatch(/^timestamps +(none|steps of \d+ ns)$/m);
    expect(stdout).toMatch(/^features +core-features/m);
    expect(stdout).toMatch(/^maxStorageBufferBindingSize +\d+$/m);
    expect(stderr.trim()).toBe('');
    expect(code).toBe(0);
  });

  it('doctor tells programs everything as JSON', async () => {
    const { code, stdout } = await cyclops('doctor', '--json');
    const { adapter, features, limits, toggles, versions } = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(adapter).toMatchObject({ name: expect.stringMatching(/./), matrixConfigs: expect.any(Array) });
    expect(features).toContain('core-features-and-limits');
    expect(limits.maxStorageBufferBindingSize).toBeGreaterThan(0);
    expect(toggles.enabled).toContain('allow_unsafe_apis');
    expect(versions).toHaveProperty('webgpu');
  });

  it('doctor says which devices there are when none matches', async () => {
    const { code, stderr } = await cyclops('doctor', '--device', 'abacus');
    expect(stderr.replaceAll('\n', ' ')).toMatch(/the device 'abacus'.* these answered: \S.*Choose one with --device/);
    expect(code).toBe(1);
  });
});

describe('failures', () => {
  it('wraps a paragraph without breaking paths', () => {
    const path = `/${'long/'.repeat(30)}`;
    const wrapped = wrap(`cannot write ${path}: no space is left. ${'Free some. '.repeat(20)}`, 60);
    expect(wrapped.split('\n')).toContain(`${path}:`);
    for (const line of wrapped.split('\n')) expect(line === `${path}:` || line.length <= 60).toBe(true);
  });

  it('wraps at the usual width on a terminal that does not tell its own', () => {
    const columns = Object.getOwnPropertyDescriptor(process.stderr, 'columns');
    Object.defineProperty(process.stderr, 'columns', { value: 0, configurable: true });
    const wrapped = wrap('Free some. '.repeat(20).trim());
    if (columns) Object.defineProperty(process.stderr, 'columns', columns);
    else Reflect.deleteProperty(process.stderr, 'columns');
    expect(wrapped.split('\n')).toHaveLength(3);
  });

  it('takes the blame for what is no fault of the input, without a stack', () => {
    let printed = '';
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      printed += text;
      return true;
    });
    const code = reportFailure(new TypeError('x is not a function'));
    spy.mockRestore();
    expect(code).toBe(1);
    expect(printed.replaceAll('\n', ' ')).toMatch(/fault of the program, not of your input: x is not a function/);
    expect(printed).not.toContain('usage.test.ts');
  });

  it('tells durations as people do', () => {
    expect([5.4, 59.7, 250, 11100].map(duration)).toEqual(['5s', '1m00s', '4m10s', '3h05m']);
  });
});
