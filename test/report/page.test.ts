import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { chooseThresholds } from '../../src/anomaly/calibration/thresholds.ts';
import { HOT_NORMALS_WARNING } from '../../src/anomaly/evaluation/heatmap-report.ts';
import { checkLearned } from '../../src/anomaly/evaluation/learned.ts';
import type { ScoreInfo } from '../../src/anomaly/scores/score.ts';
import type { ScoredImage } from '../../src/anomaly/scores/scored-image.ts';
import { renderReport } from '../../src/report/page.ts';
import { formatArea, formatPercent, formatScore } from '../../src/report/parts/format.ts';
import { HOSTILE, image, pageText, samplePictures, sampleReport } from './sample-report.ts';

const infos: ScoreInfo[] = [
  { name: 'sse', label: 'squared error', formula: 'Σ (x − x̂)²', paper: true },
  { name: 'dn', label: 'normal discriminator', formula: '−D_n(x)', paper: false },
];

const trained = chooseThresholds(
  [image('n', 'normal', 1.5, 0.1), image('m', 'normal', 3, 0.25), image('a', 'abnormal', 2.5, 0.75)],
  infos,
  { rule: 'zfn', chosenOn: 'calibration', dataHash: null },
);

const images = [
  image(`normal/${HOSTILE}`, 'normal', 1, 0.1),
  image('normal/2.png', 'normal', 1.5, 0.6),
  image('normal/3.png', 'normal', 1.2, 0.7),
  { ...image('abnormal/1.png', 'abnormal', 5, 0.55), type: HOSTILE },
  image('abnormal/2.png', 'abnormal', 6, 0.4),
  image('abnormal/3.png', 'abnormal', 6, 0.3),
];
const report = sampleReport(images, infos, trained);
const pictures = samplePictures(images);
const page = pageText(report, pictures);

function pageOf(of: ScoredImage[]): string {
  return pageText(sampleReport(of, infos, trained), samplePictures(of));
}

/** A page without what its scripts and styles hold. */
function bare(markup: string): string {
  return markup.replace(/(<(style|script)\b[^>]*>)[\s\S]*?(<\/\2>)/g, '$1$3');
}

/** The elements of the page, each as its start tag. */
function tags(markup: string, name: string): string[] {
  return bare(markup).match(new RegExp(`<${name}\\b[^>]*>`, 'g')) ?? [];
}

/** Text between tags, entities resolved, runs of space made one. */
function text(markup: string): string {
  return bare(markup)
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');
}

function section(markup: string, id: string): string {
  const start = markup.indexOf(`<section id="${id}"`);
  return start < 0 ? '' : markup.slice(start, markup.indexOf('</section>', start));
}

function tableRow(markup: string, label: string): string[] {
  const row = markup.split('<tr').find((part) => part.includes(`<th scope="row">${label}`)) ?? '';
  const cells = row.slice(0, row.indexOf('</tr>')).match(/<td[^>]*>[\s\S]*?<\/td>/g) ?? [];
  return cells.map((cell) => text(cell).trim());
}

describe('the page on its own', () => {
  it('refers to nothing outside itself', () => {
    expect(bare(page)).not.toMatch(/(src|href|srcset|action|poster|data)\s*=\s*["']?(?!["']?data:)[^"'\s>]*:?\/\//i);
    expect(bare(page)).not.toMatch(/https?:/);
    expect(page).not.toMatch(/@import|url\(/);
    for (const tag of [...tags(page, 'img'), ...tags(page, 'link')]) expect(tag).toMatch(/(src|href)="data:/);
    for (const name of ['iframe', 'object', 'embed', 'base', 'form']) expect(tags(page, name)).toEqual([]);
  });

  it('shows control characters and turns of direction in names, and holds none', () => {
    const odd = 'a\u202e\u001b[31m\u0007gnp.png';
    const shown = 'a\\u202e\\u001b[31m\\u0007gnp.png';
    const of = [
      image(`normal/${odd}`, 'normal', 1, 0.1),
      { ...image('abnormal/1.png', 'abnormal', 5, 0.5), type: odd },
    ];
    const named = pageText({ ...sampleReport(of, infos, trained), title: odd }, samplePictures(of));
    expect(named).toContain(`<title>${shown}</title>`);
    expect(text(named)).toContain(`normal/${shown}`);
    for (const character of ['\u0007', '\u001b', '\u202e']) expect(named).not.toContain(character);
  });

  it('forbids every script but its own, by the hash of what it holds', () => {
    const scripts = [...page.matchAll(/<script(?: type="module")?>([\s\S]*?)<\/script>/g)].map(([, own = '']) => own);
    const hashes = scripts.map((own) => `&#39;sha256-${createHash('sha256').update(own).digest('base64')}&#39;`);
    const policy = tags(page, 'meta').find((tag) => tag.includes('Content-Security-Policy'));
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src ${hashes.join(' ')};`);
    expect(policy).toContain("base-uri 'none'; form-action 'none'");
    expect(scripts).toHaveLength(2);
    expect(scripts[1]).not.toMatch(/\beval\b|new Function|innerHTML|^import|^export/m);
  });

  it('carries the licence of the library that draws', () => {
    expect(page).toMatch(/uPlot\s+The MIT License[\s\S]*?Copyright \(c\)[\s\S]*?THE SOFTWARE IS PROVIDED "AS IS"/);
  });

  it('escapes names in text and attributes wherever they come from', () => {
    expect(tags(page, 'img').filter((tag) => !/^<img src="data:image\/(jpeg|png);base64,/.test(tag))).toEqual([]);
    expect(page).not.toContain(HOSTILE);
    const attributeNames = (bare(page).match(/<[a-z][^>]*>/gi) ?? []).map((tag) => tag.replace(/"[^"]*"/g, ''));
    expect(attributeNames.filter((tag) => /\son\w+\s*=|['<]./i.test(tag.slice(1)))).toEqual([]);
    // Title, data set, device, options, losses, skipped file, defect, heat map, command …: all arrive as text.
    expect(text(page).split(HOSTILE).length - 1).toBeGreaterThanOrEqual(16);
  });

  it('closes what it opens', () => {
    for (const name of ['section', 'article', 'figure', 'div', 'dl', 'table', 'tr', 'td', 'noscript', 'details', 'p']) {
      expect([name, bare(page).split(`</${name}>`).length - 1]).toEqual([name, tags(page, name).length]);
    }
  });

  it('shows numbers only', () => {
    expect(bare(page)).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });
});

it('warns where more normal images are hot than chance allows', () => {
  expect(text(page)).toContain(HOT_NORMALS_WARNING);
  const cold = { ...report, heatmap: { ...report.heatmap, unlikely: false } };
  expect(text(pageText(cold, new Map()))).not.toContain(HOT_NORMALS_WARNING);
});

describe('the figures', () => {
  const numbers: number[] = [];
  JSON.stringify(report, (_, value) => {
    if (typeof value === 'number') numbers.push(value);
    return value;
  });

  it('are all in report.json', () => {
    const known = new Set(
      numbers.flatMap((n) => [formatArea(n), formatPercent(n), formatPercent(n).slice(0, -2), formatScore(n), `${n}`]),
    );
    const cells = (bare(page).match(/<(td|dd)\b[^>]*>[\s\S]*?<\/\1>/g) ?? []).map(text);
    const shown = cells.flatMap(
      (cell) => cell.replaceAll(HOSTILE, '').match(/−?\d+(?:\.\d+)?(?:e−?\d+)?(?: %)?/g) ?? [],
    );
    expect(shown.length).toBeGreaterThan(80);
    // What is left are words of the page: the 95 % of intervals, 1 min 1 s of training.
    expect(shown.filter((figure) => !known.has(figure) && figure !== '95 %')).toEqual([]);
  });

  it.each(report.evaluation.scores.map((score) => [score.info.name, score] as const))(
    'of %s are those of the evaluation, with intervals',
    (name, score) => {
      const { auroc, averagePrecision, calibrated, bestAccuracy, zfn } = report.assessment.scores[name] ?? {};
      const area = (of: typeof auroc) =>
        `${formatArea(of?.value ?? null)} ${formatArea(of?.low ?? null)} to ${formatArea(of?.high ?? null)}`;
      const share = (value: number | null | undefined, of: typeof auroc) =>
        `${formatPercent(value ?? null)} ${formatPercent(of?.low ?? null).slice(0, -2)} to ${formatPercent(of?.high ?? null)}`;
      expect(score.auroc).toBe(auroc?.value);
      expect(tableRow(section(page, 'scores'), score.info.label)).toEqual([
        area(auroc),
        area(averagePrecision),
        formatScore(score.calibrated?.threshold.value ?? null),
        share(score.calibrated?.accuracy, calibrated?.accuracy),
        String(score.calibrated?.falseNegatives),
        String(score.calibrated?.falsePositives),
        share(score.bestAccuracy?.accuracy, bestAccuracy?.accuracy),
        share(score.zfn?.accuracy, zfn?.accuracy),
        share(score.zfn?.specificity, zfn?.specificity),
      ]);
    },
  );

  it('stand in the page as worked out by hand', () => {
    const values = (label: string) => tableRow(section(page, 'scores'), label).map((cell) => cell.split(' ')[0]);
    expect(values('squared error').slice(0, 6)).toEqual(['1.000', '1.000', '2', '100.0', '0', '0']);
    expect(values('normal discriminator').slice(0, 6)).toEqual(['0.333', '0.478', '0.5', '33.3', '2', '2']);
    for (const tile of ['Missed 2 of 3', 'False alarms 2 of 3', 'Flagged 3 of 6']) expect(text(page)).toContain(tile);
  });

  it('show the calibrated threshold beside what hindsight could reach', () => {
    const first = (label: string) => tableRow(section(page, 'figures'), label).map((cell) => cell.split(' ')[0]);
    expect(first('Threshold')).toEqual(['0.5', '0.3', '0.3']);
    expect(first('Missed')).toEqual(['2', '0', '0']);
    expect(first('False alarms')).toEqual(['2', '2', '2']);
    expect(first('Recall')).toEqual(['33.3', '100.0', '100.0']);
    const columns = text(section(page, 'figures').split('<thead>')[1]?.split('</thead>')[0] ?? '');
    expect(columns.trim()).toBe('At the threshold Calibrated Oracle*: best accuracy Oracle*: none missed');
  });

  it('tell the recall of each kind of defect, with its bound', () => {
    expect(text(section(page, 'types'))).toContain(`${HOSTILE} 1 1 100.0 % 5.0 %`);
    expect(tableRow(section(page, 'types'), 'not named')).toEqual(['2', '0', '0.0 %', '0.0 %']);
  });

  it('draw what stricter and laxer thresholds would have cost, without a script, and say it', () => {
    const points = [
      { threshold: 1, missed: 0, falseAlarms: 7 },
      { threshold: 2, missed: 2, falseAlarms: 3 },
    ];
    const tradeOff = { points, present: points[0] ?? expect.fail('no point') };
    const pageWith = (table: typeof tradeOff | null) => {
      const chosen = { ...report.evaluation.chosen, tradeOff: table };
      return section(pageText({ ...report, evaluation: { ...report.evaluation, chosen } }, pictures), 'decision');
    };
    const drawn = pageWith(tradeOff);
    expect(drawn).toMatch(
      /<svg class="trade-off"[^>]* aria-label="[^"]*the present one misses 0 and has 7 false alarms/,
    );
    expect(text(drawn)).toMatch(/flags 7 of \d+ normal ones; with 2 missed it would be 3\./);
    expect(pageWith(null)).not.toContain('trade-off');
  });

  it('mark the deciding score, the paper’s, and the best in hindsight as an oracle', () => {
    const scores = section(page, 'scores');
    const label = (name: string) => text(scores.split('<tr').find((part) => part.includes(`"row">${name}`)) ?? '');
    expect(label('normal discriminator')).toContain('decides');
    expect(label('normal discriminator')).not.toMatch(/paper|highest/);
    expect(label('squared error')).not.toContain('decides');
    expect(label('squared error')).toMatch(/the paper’s.*highest AUROC here\*/);
    expect(text(page)).toContain('In hindsight, squared error has the highest AUROC on these images (1.000*)');
    for (const header of ['Best accuracy*', 'ACC_ZFN*', 'Specificity at ZFN*']) expect(text(scores)).toContain(header);
  });
});

describe('the checks', () => {
  const checks = (markup: string) => text(section(markup, 'checks'));

  it('pass where nothing leaked', () => {
    expect(checks(page)).toMatch(/Leaks passed None of the 6 judged images .* 7 other images of the data set did/);
    expect(checks(page)).toMatch(/Calibration passed .* 2 normal and 1 abnormal images that trained nothing/);
    expect(text(page)).not.toContain('Not a test');
  });

  it('say that nothing here is a test when images were seen in training', () => {
    const seen = pageOf(images.map((entry) => ({ ...entry, seenInTraining: true })));
    expect(text(seen)).toMatch(
      /Not a test\. 6 of these 6 images trained or calibrated the run.*Missed\* 2 of 3.*AUROC\* 0.333/,
    );
    expect(checks(seen)).toMatch(/Leaks warning 6 of the 6 judged images trained or calibrated the run/);
    expect(text(section(seen, 'figures'))).toContain('Calibrated*');
  });

  it('warn where the networks saw the images that calibrated', () => {
    const own = sampleReport(images, infos, { ...trained, chosenOn: 'train' });
    expect(checks(pageText(own, pictures))).toMatch(/Calibration warning .* The networks were trained on these images/);
  });

  it('say whether the networks learned, above all figures too where they did not', () => {
    expect(checks(page)).toMatch(/Learning passed .* changes 30\.0 % of one .* AUROC 0\.875, and D a − D n 0\.750/);
    expect(text(page)).not.toContain('Not learned.');
    const learned = checkLearned({ scores: {} }, 1.934);
    const noise = pageText({ ...report, learned }, pictures);
    expect(checks(noise)).toMatch(/Learning warning G_a2n changes 193\.4 % of a normal image/);
    expect(text(noise)).toMatch(/Not learned\. G_a2n changes 193\.4 % .* Flagged 3 of 6/);
  });

  it('give the warnings of the steganography check in words', () => {
    expect(report.steganography.warnings).toHaveLength(2);
    for (const warning of report.steganography.warnings) expect(checks(page)).toContain(warning);
    expect(checks(page)).toMatch(/changes 0\.2 % of an abnormal image and 30\.0 % of a normal one/);
  });
});

it('comes in pieces, none of them with the pictures of two images', () => {
  const pieces = [...renderReport(report, pictures)];
  const withPictures = pieces.filter((piece) => piece.includes('<img'));
  expect(withPictures).toHaveLength(images.length);
  for (const piece of withPictures) expect(piece.match(/<article/g)).toHaveLength(1);
});

describe('the order', () => {
  it('has the images right under the outcome, and a link to every section', () => {
    const headings = [...bare(page).matchAll(/<section id="([^"]*)"[^>]*>\s*<h2 id="([^"]*)">([^<]*)</g)];
    const links = [...page.matchAll(/<a href="#([^"]*)">([^<]*)<\/a>/g)].map(([, id, name]) => [id, name]);
    expect(headings.map(([, id, , name]) => [id, name])).toEqual(links);
    expect(links).toHaveLength(11);
    expect(headings[0]?.[1]).toBe('images');
    const between = bare(page).slice(bare(page).indexOf('</dl>'), bare(page).indexOf('<section id="images"'));
    expect(between).not.toContain('<section');
  });

  it('has no link to a section that has nothing to show', () => {
    const blank = pageOf([image('x.png', null, 9, 9)]);
    for (const id of ['figures', 'types', 'curves']) expect(blank).not.toContain(`href="#${id}"`);
    expect(blank).toContain('href="#images"');
  });
});

describe('the gallery', () => {
  const cards = page.split('<article class="card').slice(1);

  it('holds every picture once, with its size and a description', () => {
    for (const { input: x, reconstruction, heatmap, mask } of pictures.values()) {
      for (const { bytes } of [x, reconstruction, heatmap, ...(mask ? [mask] : [])]) {
        expect(page.split(Buffer.from(bytes).toString('base64')).length - 1).toBe(1);
      }
    }
    expect(tags(page, 'img')).toHaveLength(3 * 3 + 3 * 4);
    for (const tag of tags(page, 'img')) expect(tag).toMatch(/width="3" height="2" alt="[^"]+"/);
  });

  it('shows the image itself first where the networks saw it evened out', () => {
    const [[file, made] = expect.fail('no pictures')] = pictures;
    const photograph = { ...made.input, bytes: Buffer.from('as it was given') };
    const changed = pageText(report, new Map([...pictures, [file, { ...made, photograph }]]));
    const shown = Buffer.from(photograph.bytes).toString('base64');
    const card = changed.split('<article class="card').find((one) => one.includes(shown)) ?? '';
    const captions = [...card.matchAll(/<figcaption>(.*?)<\/figcaption>/g)].map(([, caption]) => text(caption ?? ''));
    expect(captions.slice(0, 2)).toEqual(['image', 'x, evened out']);
    expect(tags(card, 'img')[0]).toContain(shown);
  });

  it('shows the worst miss first, then false alarms, then the rest, each with verdict, score and threshold', () => {
    const shown = cards.map((card) => text(card.slice(card.indexOf('<p class="verdict">'))).split(' All scores')[0]);
    expect(shown.map((line) => line?.trim())).toEqual([
      'missed abnormal 0.3 < 0.5 · passed',
      'missed abnormal 0.4 < 0.5 · passed',
      'false alarm normal 0.7 ≥ 0.5 · flagged',
      'false alarm normal 0.6 ≥ 0.5 · flagged',
      `correct abnormal: ${HOSTILE} 0.55 ≥ 0.5 · flagged`,
      'correct normal 0.1 < 0.5 · passed',
    ]);
  });

  it('counts in each filter the cards that it would show', () => {
    const counts = [...page.matchAll(/data-filter="([^"]*)"[^>]*>[^<]*<span>(\d+)</g)];
    expect(counts.map(([, name, count]) => [name, Number(count)])).toEqual([
      ['all', 6],
      ['missed', 2],
      ['false-alarm', 2],
      ['flagged', 3],
      ['passed', 3],
      ['normal', 3],
      ['abnormal', 3],
      ['type-0', 1],
    ]);
    for (const [, name = '', count] of counts) {
      const states = cards.map((card) => /data-states="([^"]*)"/.exec(card)?.[1]?.split(' ') ?? []);
      expect(states.filter((list) => list.includes(name)).length).toBe(Number(count));
    }
  });

  it('lists images without pictures and says how many of which have some', () => {
    const kept = { missed: 2, falseAlarms: 0, others: 0 };
    const leftOut = { missed: 0, falseAlarms: 2, others: 2 };
    const few = { ...report, pictures: { budget: 12_500_000, bytes: 1234, kept, leftOut } };
    const partly = pageText(few, samplePictures(images.slice(4)));
    expect(text(partly)).toContain('Pictures of 2 of 2 missed images, of 0 of 2 false alarms and of 0 of 2 others');
    expect(text(partly)).toContain('may take 12.5 MB of this page');
    expect(partly.split('<article class="card').slice(1)).toHaveLength(6);
    expect(text(partly).split('Its pictures are left out.')).toHaveLength(5);
    expect(text(page)).not.toContain('pictures are left out');
  });
});

describe('what is missing', () => {
  it('leaves no trace but a dash when nothing is labelled', () => {
    const blank = pageOf([image('x.png', null, 9, 9)]);
    expect(bare(blank)).not.toMatch(/NaN|Infinity|undefined|null/);
    expect(tableRow(section(blank, 'scores'), 'squared error')[0]).toBe('–');
    expect(text(blank)).toContain('unlabelled');
    expect(text(blank)).toContain('Flagged 1 of 1');
    for (const id of ['figures', 'types', 'curves']) expect(section(blank, id)).toBe('');
  });

  it('shows one class alone', () => {
    const normal = text(pageOf(images.slice(0, 3)));
    expect(normal).toContain('False alarms 2 of 3');
    expect(normal).not.toMatch(/Missed \d+ of 0/);
  });

  it('has no chart, and no key to one, where nothing would be drawn', () => {
    const drawn = (markup: string) =>
      [...section(markup, 'curves').matchAll(/data-chart="([^"]*)"/g)].map(([, of]) => of);
    const keys = (markup: string) =>
      [...section(markup, 'curves').matchAll(/class="key ([^"]*)"/g)].map(([, of]) => of);
    expect(drawn(page)).toEqual(['histogram', 'roc', 'precision-recall']);
    expect(keys(page)).toEqual(['normal', 'abnormal', 'threshold', 'dot']);
    const normal = pageOf(images.slice(0, 3));
    expect(drawn(normal)).toEqual(['histogram']);
    expect(keys(normal)).toEqual(['normal', 'threshold']);
  });
});
