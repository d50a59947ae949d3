import { describe, expect, it } from 'vitest';
import { wrap } from '../../../src/cli/failure.ts';
import { visible, visibleLines } from '../../../src/report/parts/visible.ts';

describe('visible', () => {
  it('shows control characters, line breaks and turns of direction as escapes, and all else as it is', () => {
    expect(visible('a\nb\rc\td\u001b[31me\u007ff\u0085g\u2028h\u2029i\u202Ej')).toBe(
      'a\\nb\\rc\\td\\u001b[31me\\u007ff\\u0085g\\u2028h\\u2029i\\u202ej',
    );
    for (const plain of ['', 'lot\\7.png', 'Größe 漢 😀', '=1+1.png']) expect(visible(plain)).toBe(plain);
  });

  it('leaves the lines of a text, and what JSON means', () => {
    const said = { name: 'a\u001b[2J\u009b\u202eb\n', list: [1, 2] };
    const shown = visibleLines(JSON.stringify(said, null, 2));
    expect(shown).toContain('a\\u001b[2J\\u009b\\u202eb\\n');
    expect(shown.split('\n').length).toBeGreaterThan(4);
    expect(JSON.parse(shown)).toEqual(said);
  });

  it('keeps a name with a line break whole in a paragraph', () => {
    expect(wrap('cannot read bad\nname.png: it is empty', 20)).toBe('cannot read\nbad\\nname.png: it is\nempty');
  });
});
