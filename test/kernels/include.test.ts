import { expect, test } from 'vitest';
import { expandIncludes } from '../../src/kernels/include.ts';
import { sourceText } from '../../src/kernels/source.ts';

const expand = (files: Record<string, string>) => expandIncludes('wgsl', 'main.wgsl', (name) => files[name] ?? null);

test('a file is put in where it is included, nested and once, and every line knows where it stands', () => {
  const { code, lines } = expand({
    'main.wgsl': 'enable f16;\n// #include "parts/a.wgsl"\n// #include "parts/b.wgsl"\nfn main() {}\n',
    'parts/a.wgsl': '// A\n// #include "parts/b.wgsl"\nfn a() {}\n',
    'parts/b.wgsl': 'fn b() {}',
  });
  expect(code.split('\n')).toEqual([
    'enable f16;',
    '// A',
    'fn b() {}',
    'fn a() {}',
    '// #include "parts/b.wgsl"',
    'fn main() {}',
    '',
  ]);
  expect(lines.map(({ file, line }) => `${file}:${line}`)).toEqual([
    'wgsl/main.wgsl:1',
    'wgsl/parts/a.wgsl:1',
    'wgsl/parts/b.wgsl:1',
    'wgsl/parts/a.wgsl:3',
    'wgsl/main.wgsl:3',
    'wgsl/main.wgsl:4',
  ]);
});

test('a file that takes the place of another may include that one', () => {
  const files: Record<string, string> = {
    'main.wgsl': '// #include "parts/a.wgsl"\n',
    'parts/a.wgsl': 'fn a() {}',
    'parts/b.wgsl': '// #include "parts/a.wgsl"\nfn b() {}',
  };
  const instead = { 'parts/a.wgsl': 'parts/b.wgsl' };
  const { code } = expandIncludes('wgsl', 'main.wgsl', (name) => files[name] ?? null, instead);
  expect(code).toBe('fn a() {}\nfn b() {}\n');
});

test('a text without includes stays as it is', () => {
  const text = '// speaks of #include "x.wgsl"\n\nfn main() {}\n';
  expect(expand({ 'main.wgsl': text }).code).toBe(text);
});

test.each([
  ['a kernel that does not exist', {}, 'wgsl/main.wgsl does not exist.'],
  [
    'a fragment that does not exist',
    { 'main.wgsl': '\n// #include "a.wgsl"', 'a.wgsl': '// #include "parts/b.wgsl"' },
    'wgsl/a.wgsl:1: wgsl/parts/b.wgsl does not exist.',
  ],
  [
    'a file that includes itself',
    { 'main.wgsl': 'fn main() {}\n// #include "main.wgsl"' },
    'wgsl/main.wgsl:2: main.wgsl includes itself: main.wgsl → main.wgsl.',
  ],
  [
    'a cycle over several files',
    {
      'main.wgsl': '// #include "a.wgsl"',
      'a.wgsl': '//\n// #include "b.wgsl"',
      'b.wgsl': '//\n//\n// #include "a.wgsl"',
    },
    'wgsl/b.wgsl:3: a.wgsl includes itself: main.wgsl → a.wgsl → b.wgsl → a.wgsl.',
  ],
  [
    'a name without quotes',
    { 'main.wgsl': '// #include a.wgsl' },
    'wgsl/main.wgsl:1: expected // #include "name.wgsl" and nothing else on the line; got // #include a.wgsl',
  ],
])('%s is refused, with file and line', (_, files, message) => {
  expect(() => expand(files)).toThrow(message);
});

test('the text of a kernel holds what it includes', () => {
  expect(sourceText('conv2d/forward-naive')).toMatch(/struct Conv .*fn fold.*fn main/s);
  expect(() => sourceText('no_such_kernel')).toThrow('src/kernels/wgsl/no_such_kernel.wgsl does not exist.');
});
