import { createHash } from 'node:crypto';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { summarise } from '../../src/anomaly/evaluation.ts';
import { chooseThresholds, type Label, type ScoredImage, type ScoreInfo } from '../../src/anomaly/thresholds.ts';
import { formatArea, formatPercent, formatScore } from '../../src/report/format.ts';
import type { Pictures, ReportInput } from '../../src/report/input.ts';
import { renderReport } from '../../src/report/page.ts';

const HOSTILE = '<img src=x onerror=alert(1)>"\'&.png';

const infos: ScoreInfo[] = [
  { name: 'sse', label: 'squared error', formula: 'Σ (x − x̂)²', paper: true },
  { name: 'dn', label: 'normal discriminator', formula: '−D_n(x)', paper: false },
];

function image(file: string, label: Label | null, sse: number, dn: number): ScoredImage {
  return { file, label, scores: { sse, dn } };
}

const trained = chooseThresholds(
  [image('n', 'normal', 1, 0.1), image('m', 'normal', 3, 0.2), image('a', 'abnormal', 2, 0.5)],
  infos,
  { rule: 'zfn', chosenOn: 'calibration', dataHash: null },
);

/** A picture unlike any other: its one colour is its number. */
let colour = 0;
function picture(): Buffer {
  const png = new PNG({ width: 3, height: 2 });
  colour++;
  png.data.fill(colour);
  return PNG.sync.write(png);
}

function pictures(withMask: boolean): Pictures {
  const three = { input: picture(), reconstruction: picture(), heatmap: picture() };
  return withMask ? { ...three, mask: picture() } : three;
}

function reportInput(images: ScoredImage[], withPictures = images): ReportInput {
  return {
    title: HOSTILE,
    dataset: { name: HOSTILE, trainNormal: 2, trainAbnormal: 1, attribution: HOSTILE },
    device: { name: HOSTILE, driver: HOSTILE },
    training: {
      steps: 40,
      epochs: 2,
      seconds: 61,
      configuration: { [HOSTILE]: HOSTILE, ngf: 16 },
      losses: [1, 2, 3].map((step) => ({ step, losses: { [HOSTILE]: 1 / step } })),
    },
    versions: { [HOSTILE]: HOSTILE },
    command: `cyclops evaluate ${HOSTILE}`,
    created: HOSTILE,
    evaluation: summarise(images, infos, trained, [{ file: HOSTILE, reason: HOSTILE }]),
    heatmap: { max: 0.6, threshold: 0.2, formula: HOSTILE },
    pictures: new Map(withPictures.map((entry) => [entry.file, pictures(entry.label === 'abnormal')])),
  };
}

const images = [
  image(`normal/${HOSTILE}`, 'normal', 1, 0.1),
  image('normal/2.png', 'normal', 1.5, 0.6),
  image('normal/3.png', 'normal', 1.2, 0.7),
  { ...image('abnormal/1.png', 'abnormal', 5, 0.55), type: HOSTILE },
  image('abnormal/2.png', 'abnormal', 6, 0.4),
];
const input = reportInput(images);
const page = renderReport(input);

/** The elements of the page, each as its start tag. */
function tags(markup: string, name: string): string[] {
  return markup.match(new RegExp(`<${name}\\b[^>]*>`, 'g')) ?? [];
}

/** Text between tags, entities resolved, runs of space made one. */
function text(markup: string): string {
  return markup
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');
}

function row(markup: string, label: string): string {
  const start = markup.split('<tr').find((part) => part.includes(`<th scope="row">${label}`)) ?? '';
  return start.slice(0, start.indexOf('</tr>'));
}

function tableRow(markup: string, label: string): string[] {
  return (row(markup, label).match(/<td[^>]*>[\s\S]*?<\/td>/g) ?? []).map((cell) => text(cell).trim());
}

describe('the page on its own', () => {
  it('refers to nothing outside itself', () => {
    expect(page).not.toMatch(/(src|href|srcset|action|poster|data)\s*=\s*["']?(?!["']?data:)[^"'\s>]*:?\/\//i);
    expect(page).not.toMatch(/https?:/);
    expect(page).not.toMatch(/@import|url\(/);
    for (const tag of [...tags(page, 'img'), ...tags(page, 'link')]) expect(tag).toMatch(/(src|href)="data:/);
    for (const name of ['iframe', 'object', 'embed', 'base', 'form']) expect(tags(page, name)).toEqual([]);
  });

  it('forbids every script but its own, by the hash of what it holds', () => {
    const scripts = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((match) => match[1] ?? '');
    expect(scripts).toHaveLength(1);
    const hash = createHash('sha256')
      .update(scripts[0] ?? '')
      .digest('base64');
    const policy = tags(page, 'meta').find((tag) => tag.includes('Content-Security-Policy'));
    expect(policy).toContain('default-src &#39;none&#39;');
    expect(policy).toContain(`script-src &#39;sha256-${hash}&#39;`);
    expect(scripts[0]).not.toMatch(/\beval\b|new Function|innerHTML/);
    // A script that does not parse would leave the page without filters.
    expect(() => new Function(scripts[0] ?? '')).not.toThrow();
  });

  it('escapes names in text and attributes wherever they come from', () => {
    expect(tags(page, 'img').filter((tag) => !tag.startsWith('<img src="data:image/png;base64,'))).toEqual([]);
    expect(page).not.toContain(HOSTILE);
    const attributeNames = (page.match(/<[a-z][^>]*>/gi) ?? []).map((tag) => tag.replace(/"[^"]*"/g, ''));
    expect(attributeNames.filter((tag) => /\son\w+\s*=|['<]./i.test(tag.slice(1)))).toEqual([]);
    // Title, data set, device, options, losses, skipped file, defect, heat map, command …: all arrive as text.
    expect(text(page).split(HOSTILE).length - 1).toBeGreaterThanOrEqual(16);
  });

  it('closes what it opens', () => {
    for (const name of ['section', 'article', 'figure', 'div', 'dl', 'table', 'tr', 'td', 'svg', 'g', 'details', 'p']) {
      expect([name, page.split(`</${name}>`).length - 1]).toEqual([name, tags(page, name).length]);
    }
  });

  it('draws with numbers only', () => {
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });
});

describe('the figures', () => {
  it.each(input.evaluation.scores)('of $info.name are those of the evaluation', (score) => {
    expect(tableRow(page, score.info.label)).toEqual([
      formatArea(score.auroc),
      formatScore(score.calibrated?.threshold.value ?? null),
      formatPercent(score.calibrated?.accuracy ?? null),
      String(score.calibrated?.falseNegatives),
      String(score.calibrated?.falsePositives),
      `${formatPercent(score.bestAccuracy?.accuracy ?? null)} from ${formatScore(score.bestAccuracy?.threshold.value ?? null)}`,
      `${formatPercent(score.zfn?.accuracy ?? null)} from ${formatScore(score.zfn?.threshold.value ?? null)}`,
      formatPercent(score.zfn?.specificity ?? null),
    ]);
  });

  it('stand in the page as worked out by hand', () => {
    expect(tableRow(page, 'squared error').slice(0, 5)).toEqual(['1.000', '2', '100.0 %', '0', '0']);
    expect(tableRow(page, 'normal discriminator').slice(0, 5)).toEqual(['0.333', '0.5', '40.0 %', '1', '2']);
    expect(text(page)).toContain('Missed 1 of 2');
    expect(text(page)).toContain('False alarms 2 of 3');
    expect(text(page)).toContain('Flagged 3 of 5');
  });

  it('mark the deciding score, the paper’s, and the best in hindsight as an oracle', () => {
    expect(text(row(page, 'normal discriminator'))).toContain('decides');
    expect(text(row(page, 'normal discriminator'))).not.toMatch(/paper|highest/);
    expect(text(row(page, 'squared error'))).not.toContain('decides');
    expect(text(row(page, 'squared error'))).toMatch(/the paper’s.*highest AUROC here\*/);
    expect(text(page)).toContain('In hindsight, squared error has the highest AUROC on these images (1.000*)');
    for (const header of ['Best accuracy*', 'ACC_ZFN*', 'Specificity at ZFN*']) expect(text(page)).toContain(header);
  });

  it('say that nothing here is a test when images were seen in training', () => {
    const seen = images.map((entry) => ({ ...entry, seenInTraining: true }));
    expect(text(renderReport(reportInput(seen)))).toMatch(/Not a test\. 5 of these 5 images.*Missed\* 1 of 2/);
    expect(text(page)).not.toContain('Not a test');
  });
});

describe('the gallery', () => {
  const cards = page.split('<article class="card').slice(1);

  it('holds every picture once, with its size and a description', () => {
    for (const { input: x, reconstruction, heatmap, mask } of input.pictures.values()) {
      for (const png of [x, reconstruction, heatmap, ...(mask ? [mask] : [])]) {
        expect(page.split(Buffer.from(png).toString('base64')).length - 1).toBe(1);
      }
    }
    expect(tags(page, 'img')).toHaveLength(3 * 3 + 2 * 4);
    for (const tag of tags(page, 'img')) expect(tag).toMatch(/width="3" height="2" alt="[^"]+"/);
  });

  it('shows the highest score first, each with verdict, score and threshold', () => {
    const shown = cards.map((card) => text(card.slice(card.indexOf('<p class="verdict">'))).split(' All scores')[0]);
    expect(shown.map((line) => line?.trim())).toEqual([
      'false alarm normal 0.7 ≥ 0.5 · flagged',
      'false alarm normal 0.6 ≥ 0.5 · flagged',
      `correct abnormal: ${HOSTILE} 0.55 ≥ 0.5 · flagged`,
      'missed abnormal 0.4 < 0.5 · passed',
      'correct normal 0.1 < 0.5 · passed',
    ]);
  });

  it('counts in each filter the cards that it would show', () => {
    const counts = [...page.matchAll(/data-filter="([^"]*)"[^>]*>[^<]*<span>(\d+)</g)];
    expect(counts.map(([, name, count]) => [name, Number(count)])).toEqual([
      ['all', 5],
      ['missed', 1],
      ['false-alarm', 2],
      ['flagged', 3],
      ['passed', 2],
      ['normal', 3],
      ['abnormal', 2],
    ]);
    for (const [, name = '', count] of counts) {
      const states = cards.map((card) => /data-states="([^"]*)"/.exec(card)?.[1]?.split(' ') ?? []);
      expect(states.filter((list) => list.includes(name)).length).toBe(Number(count));
    }
  });

  it('lists images without pictures and says how many have some', () => {
    const partly = renderReport(reportInput(images, images.slice(0, 2)));
    expect(text(partly)).toContain('Pictures of 2 of 5 images were kept.');
    expect(partly.split('<article class="card').slice(1)).toHaveLength(5);
    expect(text(page)).not.toContain('were kept');
  });

  it('refuses a picture that is no PNG', () => {
    const broken = {
      ...input,
      pictures: new Map([['normal/2.png', { ...pictures(false), input: Buffer.from('GIF') }]]),
    };
    expect(() => renderReport(broken)).toThrow(/not a PNG file/);
  });
});

describe('what is missing', () => {
  it('leaves no trace but a dash when nothing is labelled', () => {
    const blank = renderReport(reportInput([image('x.png', null, 9, 9)]));
    expect(blank).not.toMatch(/NaN|Infinity|undefined|null/);
    expect(tableRow(blank, 'squared error')[0]).toBe('–');
    expect(text(blank)).toContain('unlabelled');
    expect(text(blank)).toContain('Flagged 1 of 1');
  });

  it('shows one class alone', () => {
    const normal = text(renderReport(reportInput(images.slice(0, 3))));
    expect(normal).toContain('False alarms 2 of 3');
    expect(normal).not.toMatch(/Missed \d+ of 0/);
  });
});
