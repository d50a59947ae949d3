import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withFile } from '../../../../src/data/files/file-bytes.ts';
import { readStateDict } from '../../../../src/data/files/torch/state-dict.ts';
import { expectRefusal, put, randomNumbers, survives, useTemporaryFolder } from '../../support.ts';
import {
  dictCode,
  hasTorch,
  inMemory,
  op,
  pickled,
  pth,
  runTorch,
  tensorCode,
  withoutTorch,
  zip,
} from './torch-support.ts';

const path = useTemporaryFolder();
const read = (bytes: Uint8Array) => readStateDict(inMemory(bytes));
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const one = (tensor: Parameters<typeof tensorCode>[0], storage: Uint8Array) =>
  pth(dictCode({ w: tensorCode(tensor) }), { [tensor.key ?? '0']: storage });

describe('readStateDict', () => {
  it('reads tensors, by their offsets and strides', () => {
    const code = dictCode({
      plain: tensorCode({ count: 6, size: [2, 3], stride: [3, 1] }),
      // Of a shared storage: transposed, the last two, one for all, and a scalar.
      turned: tensorCode({ count: 6, size: [3, 2], stride: [1, 3] }),
      tail: tensorCode({ count: 6, offset: 4, size: [2], stride: [1] }),
      same: tensorCode({ count: 6, offset: 1, size: [2, 2], stride: [0, 0] }),
      scalar: tensorCode({ count: 6, offset: 5, size: [], stride: [] }),
      none: tensorCode({ count: 6, size: [0, 7], stride: [7, 1] }),
    });
    const { tensors, skipped } = read(pth([...code, op.dict, op.build], { 0: floats(1, 2, 3, 4, 5, 6) }));
    const values = Object.fromEntries([...tensors].map(([name, { shape, data }]) => [name, [shape, [...data]]]));
    expect(values).toEqual({
      plain: [
        [2, 3],
        [1, 2, 3, 4, 5, 6],
      ],
      turned: [
        [3, 2],
        [1, 4, 2, 5, 3, 6],
      ],
      tail: [[2], [5, 6]],
      same: [
        [2, 2],
        [2, 2, 2, 2],
      ],
      scalar: [[], [6]],
      none: [[0, 7], []],
    });
    expect(skipped.size).toBe(0);
  });

  it('makes f32 of other floats, and leaves integers out by name', () => {
    const code = dictCode({
      half: tensorCode({ type: 'HalfStorage', key: 'h', count: 2, size: [2], stride: [1] }),
      brain: tensorCode({ type: 'BFloat16Storage', key: 'b', count: 1, size: [1], stride: [1] }),
      double: tensorCode({ type: 'DoubleStorage', key: 'd', count: 1, size: [1], stride: [1] }),
      num_batches_tracked: tensorCode({ type: 'LongStorage', key: 'l', count: 1, size: [], stride: [] }),
    });
    const { tensors, skipped } = read(
      pth(code, {
        h: new Uint8Array(Uint16Array.of(0x3555, 0xc000).buffer),
        b: new Uint8Array(Uint16Array.of(0x4049).buffer),
        d: new Uint8Array(Float64Array.of(0.1).buffer),
        l: new Uint8Array(8),
      }),
    );
    expect([...tensors].map(([, { data }]) => [...data])).toEqual([
      [0.333251953125, -2],
      [3.140625],
      [Math.fround(0.1)],
    ]);
    expect(skipped).toEqual(new Map([['num_batches_tracked', 'torch.LongStorage']]));
  });

  it('reads archives with places in 64 bits', () => {
    const storage = floats(7);
    const data = pickled(op.proto, dictCode({ w: tensorCode({ count: 1, size: [1], stride: [1] }) }), op.stop);
    const bytes = zip(
      {
        'w/data.pkl': { content: data, wide: true },
        'w/byteorder': Buffer.from('little'),
        'w/data/0': { content: storage, wide: true },
      },
      { wide: true },
    );
    expect([...(read(bytes).tensors.get('w')?.data ?? [])]).toEqual([7]);
  });

  it('refuses what wants to run something, by its name', () => {
    const run = (module: string, name: string) =>
      pth([op.global(module, name), op.mark, op.text('touch /tmp/never'), op.tuple, op.reduce], {});
    for (const [module, name] of [
      ['os', 'system'],
      ['builtins', 'eval'],
      ['posix', 'system'],
      ['torch', 'load'],
      ['networks', 'Net'],
    ]) {
      expectRefusal(
        () => read(run(module ?? '', name ?? '')),
        `wants to use '${module}.${name}'`,
        'Nothing in it was run',
        'state_dict()',
      );
    }
    expectRefusal(() => read(run('a'.repeat(500), 'b')), 'characters)');
  });

  it.each([
    ['a tensor beyond its storage', { count: 4, size: [2, 3], stride: [3, 1] }, 'beyond its storage of 4'],
    ['an offset beyond it', { count: 4, offset: 4, size: [1], stride: [1] }, 'beyond its storage'],
    ['a stride beyond it', { count: 4, size: [2], stride: [4] }, 'beyond its storage'],
    ['a negative stride', { count: 4, offset: 3, size: [2], stride: [-1] }, 'sizes and strides'],
    ['a negative size', { count: 4, size: [-2], stride: [1] }, 'sizes and strides'],
    ['a negative offset', { count: 4, offset: -1, size: [1], stride: [1] }, 'sizes and strides'],
    ['more axes than strides', { count: 4, size: [2, 2], stride: [1] }, 'sizes and strides'],
    ['a size beyond all numbers', { count: 4, size: [2n ** 62n], stride: [0] }, 'holds the number'],
    ['sizes that overflow', { count: 4, size: [2n ** 52n, 2n ** 52n], stride: [0, 0] }, 'beyond its storage'],
    ['many numbers of few', { count: 4, size: [1e12], stride: [0] }, 'claim 1000000000000 numbers'],
    ['a storage of another size', { count: 5, size: [1], stride: [1] }, 'of 5 elements of 4 bytes has 16 bytes'],
    [
      'a storage that is missing',
      { key: '7', count: 4, size: [1], stride: [1] },
      "'7' of 4 elements of 4 bytes is missing",
    ],
    [
      'a storage of no kind',
      { type: 'FloatTensor', count: 4, size: [1], stride: [1] },
      "wants to use 'torch.FloatTensor'",
    ],
    ['too many axes', { count: 4, size: Array(65).fill(1), stride: Array(65).fill(1) }, 'sizes and strides'],
  ])('refuses %s', (_, tensor, text) => {
    const bytes = pth(dictCode({ w: tensorCode(tensor) }), { 0: floats(1, 2, 3, 4) });
    expectRefusal(() => read(bytes), 'weights.pth', text);
  });

  it.each([
    ['a value that is no tensor', dictCode({ epoch: op.int(3) }), "'epoch' in it is no tensor"],
    ['a dict of dicts', dictCode({ state_dict: dictCode({}) }), "'state_dict' in it is no tensor"],
    ['something else than a dict', [op.int(3)], 'it holds no dict'],
    ['attributes of what has none', [op.int(3), op.dict, op.build], 'attributes'],
    ['a call of what is no function', [op.int(3), op.emptyTuple, op.reduce], 'no function'],
    [
      'a dict with arguments',
      [op.global('collections', 'OrderedDict'), op.mark, op.int(3), op.tuple, op.reduce],
      'does not fit',
    ],
    ['an empty stack', [op.reduce], 'takes a value where there is none'],
    ['a value that was not remembered', [op.get(3)], 'recalls value 3'],
    ['a mark that was not set', [op.tuple], 'mark'],
    ['another instruction', [Buffer.from('i')], 'instruction 0x69'],
    ['no end', [op.mark, Buffer.from('cos')], 'a name has no end'],
    ['items of what is no dict', [op.int(3), op.mark, op.int(1), op.int(2), op.setItems], 'no dict'],
    ['another protocol', [Buffer.from([0x80, 4])], 'protocol 4'],
  ])('refuses a pickle with %s', (_, code, text) => {
    expectRefusal(() => read(pth(code, {})), 'weights.pth', text);
  });

  it('refuses formats from before, and what is no .pth file', () => {
    const legacy = Buffer.from([
      0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
    ]);
    expectRefusal(() => read(legacy), 'before version 1.6', 'torch.save(torch.load(');
    const tar = Buffer.alloc(512);
    tar.write('ustar', 257);
    expectRefusal(() => read(tar), 'before version 1.6');
    for (const text of ['', 'P', 'PK', 'hello', '\x89PNG'])
      expectRefusal(() => read(Buffer.from(text)), 'no', 'weights.pth');
    expectRefusal(
      () => read(zip({ 'a/data.pkl': Buffer.from('.'), 'a/constants.pkl': Buffer.from('.') })),
      'TorchScript',
    );
    expectRefusal(() => read(zip({ 'data.pkl': Buffer.from('.') })), 'holds no data.pkl');
    const big = { 'a/data.pkl': Buffer.from('.'), 'a/byteorder': Buffer.from('big') };
    expectRefusal(() => read(zip(big)), 'big-endian');
  });

  it('refuses archives that lie', () => {
    const content = Buffer.from('.');
    const archive = (entry: Partial<Parameters<typeof zip>[0][string]>, more: Record<string, Uint8Array> = {}) =>
      zip({ 'a/data.pkl': { content, ...entry }, ...more });
    expectRefusal(() => read(archive({ method: 8 })), 'compressed');
    expectRefusal(() => read(archive({ flags: 1 })), 'encrypted');
    expectRefusal(() => read(archive({ crc: 1 })), 'checksum');
    expectRefusal(() => read(archive({ size: 2 ** 31 })), 'ends behind its end');
    expectRefusal(() => read(archive({ size: 2 ** 53, wide: true })), 'speaks of byte');
    expectRefusal(() => read(archive({ offset: 2 ** 40, wide: true })), 'begins behind its end');
    expectRefusal(() => read(archive({ offset: 3 })), 'does not begin where it should');
    // An entry over the one behind it, and over the list.
    expectRefusal(() => read(archive({ size: 20 }, { 'a/data/0': floats(1) })), 'overlap');
    expectRefusal(() => read(archive({ size: 20 })), 'overlaps the list');
    expectRefusal(() => read(zip({ 'a/data.pkl': content }, { count: 2 })), 'ends after 1 of 2');
    const twice = Object.fromEntries([1, 2].map((i) => [`a/${i}`, content]));
    const bytes = Buffer.from(zip(twice));
    bytes.write('a/1', bytes.lastIndexOf('a/2'));
    expectRefusal(() => read(bytes), 'two entries');
  });

  it('memory stays small, and it ends, where values hold each other, or few stand for many', () => {
    const before = process.memoryUsage().rss;
    // Each dict holds the one before twice: 2^200 if somebody walked through.
    const doubled = Array.from({ length: 200 }, (_, i) => [
      op.dict,
      [
        op.mark,
        op.text('a'),
        i === 0 ? op.none : op.get(i - 1),
        op.text('b'),
        i === 0 ? op.none : op.get(i - 1),
        op.setItems,
      ],
      op.put(i),
    ]);
    expectRefusal(() => read(pth(doubled, {})), 'is no tensor');
    // Ten thousand names of one tensor.
    const tensor = [tensorCode({ count: 1000, size: [1000], stride: [1] }), op.put(1)];
    const names = Array.from({ length: 10_000 }, (_, i) => [op.text(`${i}`), op.get(1)]);
    const many = [tensor, op.dict, op.mark, names, op.setItems];
    expectRefusal(() => read(pth(many, { 0: new Uint8Array(4000) })), 'claim 10000000 numbers');
    // Nothing but dicts, lists or marks, as many as a pickle may hold, and more.
    for (const code of ['}', ']', '(', ')', 'N']) {
      const filled = Buffer.alloc(2 ** 18 - 3, code);
      survives(() => read(pth([filled], {})));
      expectRefusal(() => read(pth([filled, filled], {})), 'its pickle has');
    }
    // A text that says it is 4 GiB long.
    expectRefusal(() => read(pth([Buffer.from([0x58, 0xff, 0xff, 0xff, 0xff])], {})), 'in the middle');
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28);
  });

  it('refuses the file cut at any byte, and survives random damage', () => {
    const code = dictCode({
      a: tensorCode({ count: 6, size: [3, 2], stride: [1, 3] }),
      b: tensorCode({ type: 'HalfStorage', key: '1', count: 4, size: [4], stride: [1] }),
    });
    const original = pth(code, { 0: floats(1, 2, 3, 4, 5, 6), 1: new Uint8Array(8) });
    for (let length = 0; length < original.length; length++)
      expectRefusal(() => read(original.subarray(0, length)), 'weights.pth');
    const random = randomNumbers(1 + Math.floor(Math.random() * 1e9));
    const before = process.memoryUsage().rss;
    let whole = 0;
    for (let round = 0; round < 5000; round++) {
      const bytes = Uint8Array.from(original);
      for (let i = 0; i <= 3 * random(); i++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      if (survives(() => read(bytes))) whole++;
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 27);
    expect(whole).toBeLessThan(5000);
  });

  it('survives damage of the pickle that its checksum does not tell', () => {
    const code = dictCode({
      a: tensorCode({ count: 6, size: [3, 2], stride: [1, 3] }),
      b: tensorCode({ count: 6, size: [6], stride: [1] }),
    });
    const pickle = pickled(op.proto, code, op.dict, op.build, op.stop);
    const random = randomNumbers(1 + Math.floor(Math.random() * 1e9));
    const storage = floats(1, 2, 3, 4, 5, 6);
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from(pickle);
      for (let i = 0; i <= 3 * random(); i++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      survives(() => read(zip({ 'a/data.pkl': bytes, 'a/data/0': storage })));
    }
  });

  it('says what it cannot open', () => {
    expectRefusal(() => withFile(path('none.pth'), readStateDict), 'none.pth', 'no such file');
    expectRefusal(() => withFile(path(), readStateDict), 'folder');
    put(path('short.pth'), one({ count: 1, size: [1], stride: [1] }, floats(5)));
    expect([...(withFile(path('short.pth'), readStateDict).tensors.get('w')?.data ?? [])]).toEqual([5]);
  });
});

describe.skipIf(!hasTorch)(`files of PyTorch${withoutTorch}`, () => {
  const WRITE = `
import sys, json, torch
torch.manual_seed(int(sys.argv[2]))
w = torch.randn(5, 3, 4, 4)
net = torch.nn.Sequential(torch.nn.Conv2d(3, 5, 4), torch.nn.BatchNorm2d(5))
base = torch.randn(7, 11)
shared = torch.randn(20)
dicts = {
    'plain': {'w': w, 'b': torch.randn(5)},
    'network': net.state_dict(),
    'parallel': torch.nn.DataParallel(net).state_dict(),
    'parameters': {'w': torch.nn.Parameter(w)},
    'bf16': {'w': w.bfloat16()},
    'half': {'w': w.half()},
    'double': {'w': w.double()},
    'views': {'t': base.t(), 'rows': base[1:5:2, 3:9], 'permuted': w.permute(3, 1, 0, 2), 'wide': torch.randn(3, 1).expand(3, 4)},
    'shared': {'a': shared[:10], 'b': shared[5:], 'c': shared},
    'mixed': {'w': w, 'count': torch.tensor(3), 'flags': torch.tensor([True]), 'bytes': torch.tensor([1, 2], dtype=torch.uint8), 'z': torch.zeros(2, dtype=torch.complex64)},
    'empty': {'none': torch.zeros(0, 3), 'scalar': torch.tensor(2.5)},
    'last': {'w': w.contiguous(memory_format=torch.channels_last)},
}
said = {}
for name, tensors in dicts.items():
    torch.save(tensors, sys.argv[1] + '/' + name + '.pth')
    said[name] = {key: [list(value.shape), value.detach().float().contiguous().flatten().tolist()]
                  for key, value in tensors.items() if value.is_floating_point()}
torch.save(dicts['plain'], sys.argv[1] + '/old.pth', _use_new_zipfile_serialization=False)
torch.save(dicts['plain'], sys.argv[1] + '/four.pth', pickle_protocol=4)
torch.save(net, sys.argv[1] + '/module.pth')
torch.save({'epoch': 3, 'net': net.state_dict()}, sys.argv[1] + '/checkpoint.pth')
torch.jit.script(net).save(sys.argv[1] + '/script.pth')
print(json.dumps(said))
`;

  it('are read with every number, whatever their types, strides and storages', () => {
    const said: Record<string, Record<string, [number[], number[]]>> = JSON.parse(
      runTorch(WRITE, path(), `${Math.floor(Math.random() * 1e9)}`),
    );
    const counts = Object.entries(said).map(([name, tensors]) => {
      const file = withFile(path(`${name}.pth`), readStateDict);
      expect([...file.tensors.keys()], name).toEqual(Object.keys(tensors));
      for (const [key, [shape, values]] of Object.entries(tensors)) {
        expect(file.tensors.get(key)?.shape, name).toEqual(shape);
        expect(file.tensors.get(key)?.data, name).toEqual(Float32Array.from(values));
      }
      return [name, [...file.skipped.keys()]];
    });
    expect(Object.fromEntries(counts)).toMatchObject({
      network: ['1.num_batches_tracked'],
      parallel: ['module.1.num_batches_tracked'],
      mixed: ['count', 'flags', 'bytes', 'z'],
      plain: [],
    });
    const refused = (name: string, ...texts: string[]) =>
      expectRefusal(() => withFile(path(`${name}.pth`), readStateDict), ...texts);
    refused('old', 'before version 1.6');
    refused('four', 'protocol 4');
    refused('module', "wants to use 'torch.nn.modules.container.Sequential'");
    refused('checkpoint', "'epoch' in it is no tensor");
    refused('script', 'TorchScript');
  }, 120_000);

  it('survive thousands of flipped bytes and cuts', () => {
    runTorch(WRITE, path(), '1');
    const file = path('views.pth');
    const original = new Uint8Array(readFileSync(file));
    expect(original.length).toBe(statSync(file).size);
    const random = randomNumbers(1 + Math.floor(Math.random() * 1e9));
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 5000; round++) {
      const length = random() < 0.3 ? Math.floor(random() * original.length) : original.length;
      const bytes = original.slice(0, length);
      for (let i = 0; i <= 4 * random(); i++) bytes[Math.floor(random() * length)] = Math.floor(random() * 256);
      survives(() => read(bytes));
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 27);
  }, 120_000);
});
