import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const files = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'bench/peers/README.md'],
  ...readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [join('docs', name)] : [])),
];

/** Markdown without what is code, in fences or in a line: brackets there are no links. */
const prose = (markdown: string): string => markdown.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, 'code');

/** The anchors that a page's headings get, by GitHub's rules. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of markdown.replace(/^```.*?^```/gms, '').matchAll(/^#{1,6} (.*)$/gm)) {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = text.replace(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-');
    let anchor = slug;
    for (let again = 1; anchors.has(anchor); again++) anchor = `${slug}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Where links and pictures lead, written in the line, with or without a title, or as references below the text. */
function targetsIn(markdown: string): string[] {
  const found = prose(markdown).matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)|^\[[^\]]+\]:\s+(\S+)/gm);
  return [...found].map(([, inline, reference]) => inline ?? reference ?? '');
}

/** What is wrong with the links of a page that lead to files here. */
function brokenLinks(file: string, markdown = readFileSync(file, 'utf8')): string[] {
  return targetsIn(markdown).flatMap((target) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path = '', anchor] = target.split('#');
    const found = path === '' ? file : join(dirname(file), decodeURIComponent(path));
    if (path !== '' && !existsSync(found)) return `${target}: there is no ${found}`;
    if (anchor === undefined) return [];
    const page = path === '' ? markdown : readFileSync(found, 'utf8');
    return anchorsOf(page).has(anchor) ? [] : `${target}: ${found} has no heading #${anchor}`;
  });
}

test.each(files)('links of %s lead to files and headings that exist', (file) => {
  expect(brokenLinks(file)).toEqual([]);
});

test('links that lead nowhere are found', () => {
  const page = [
    '# Top',
    '[here](#top), [not](#bottom "title"), [file](cli.md), ![picture](none.png), [far](https://example.org/none.md)',
    '`[code](none.md)`',
    '```\n[code](none.md)\n```',
    '[page]: ../README.md#none',
  ].join('\n');
  expect(brokenLinks('docs/page.md', page)).toEqual([
    '#bottom: docs/page.md has no heading #bottom',
    'none.png: there is no docs/none.png',
    '../README.md#none: README.md has no heading #none',
  ]);
});

test('anchors are GitHub’s', () => {
  const page = '# The `zfn` rule\n## What *n* is worth, and why\n```\n# no heading\n```\n## Steps\n## Steps\n';
  expect([...anchorsOf(page)]).toEqual(['the-zfn-rule', 'what-n-is-worth-and-why', 'steps', 'steps-1']);
});
