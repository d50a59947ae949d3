import { expect, it } from 'vitest';
import { bareTexts } from '../../src/kernels/include.ts';
import { TEXTS } from '../../src/kernels/texts.ts';

/** The words and signs of a kernel, as WGSL reads them, without comments but for the includes. */
const tokens = (text: string) =>
  text.replace(/\/\/(?! #include ).*$/gm, '').match(/\/\/ #include .*|[\w.]+|\+=|-=|\*=|\/=|&&|\|\||[<>=!]=|\S/g);

it('a page gets every kernel in the same words, line by line', () => {
  for (const [name, bare] of Object.entries(bareTexts(TEXTS))) {
    expect(tokens(bare), name).toEqual(tokens(TEXTS[name] ?? ''));
    expect(bare.split('\n').length, name).toBe(TEXTS[name]?.split('\n').length);
  }
});

it('which is shorter by the space that says nothing', () => {
  const text =
    '// a sum\n// #include "parts/a.wgsl"\n  let a = b * c + (d, -e) / f; // of three\n\nvar x: vec4<f32> = a - 1.0;\n';
  expect(bareTexts({ text }).text).toBe(
    '\n// #include "parts/a.wgsl"\nlet a = b*c+(d,-e)/f;\n\nvar x: vec4<f32> = a - 1.0;\n',
  );
});
