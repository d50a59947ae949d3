import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
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

/** What is wrong with the links of a page that lead to files here. */
function brokenLinks(file: string): string[] {
  const targets = [...prose(readFileSync(file, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.flatMap((target) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path = '', anchor] = target.split('#');
    const found = path === '' ? file : join(dirname(file), decodeURIComponent(path));
    if (!existsSync(found)) return `${target}: there is no ${relative('.', found)}`;
    if (anchor === undefined || anchorsOf(readFileSync(found, 'utf8')).has(anchor)) return [];
    return `${target}: ${found} has no heading #${anchor}`;
  });
}

test.each(files)('links of %s lead to files and headings that exist', (file) => {
  expect(brokenLinks(file)).toEqual([]);
});

test('anchors are GitHub’s', () => {
  const page = '# The `zfn` rule\n## What *n* is worth, and why\n```\n# no heading\n```\n## Steps\n## Steps\n';
  expect([...anchorsOf(page)]).toEqual(['the-zfn-rule', 'what-n-is-worth-and-why', 'steps', 'steps-1']);
});
