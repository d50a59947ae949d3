import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { PNG } from 'pngjs';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../scripts/setup/chromium.mjs';
import { chooseThresholds } from '../../src/anomaly/calibration/thresholds.ts';
import type { ScoreInfo } from '../../src/anomaly/scores/score.ts';
import type { ScoredImage } from '../../src/anomaly/scores/scored-image.ts';
import { PICTURES_BUDGET } from '../../src/workflow/report-file.ts';
import { LARGE, writeLargeReport } from './large-report.ts';
import { HOSTILE, image, pageText, samplePictures, sampleReport } from './sample-report.ts';

const chromium = findChromium();
if (!chromium)
  console.warn('SKIPPED: reports in a browser. There is no Chromium: node scripts/chromium.mjs installs one.');

const infos: ScoreInfo[] = [
  { name: 'sse', label: 'squared error', formula: 'Σ (x − x̂)²', paper: true },
  // As long as names of scores are.
  {
    name: 'dn',
    label: 'hottest 0.1 % of the normal discriminator, pixel by pixel, after the repair',
    formula: '−D_n(x)',
    paper: false,
  },
];
const types = ['pit', HOSTILE];
const images: ScoredImage[] = [
  ...Array.from({ length: 17 }, (_, i) => image(`normal/${i}.png`, 'normal', ((i * 7) % 17) / 20, i)),
  ...Array.from({ length: 15 }, (_, i) => ({
    ...image(`abnormal/${i}.png`, 'abnormal', 0.4 + ((i * 4) % 15) / 20, 20 - i),
    ...(i > 2 && { type: types[i % 2] ?? '' }),
  })),
];
const chosen = chooseThresholds(
  [image('n', 'normal', 0.3, 9), image('m', 'normal', 0.6, 0), image('a', 'abnormal', 0.65, 3)],
  infos,
  { rule: 'zfn', chosenOn: 'calibration', dataHash: null },
);
const SCORES = ['sse', 'dn'];
const PHONE = { width: 390, height: 800, isMobile: true, hasTouch: true };
const DESKTOP = { width: 1280, height: 900 };
const SLOW = 180_000;

describe.skipIf(!chromium)('a report in a browser', () => {
  let folder: string;
  let url: string;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cyclops-report-'));
    const file = join(folder, 'report.html');
    writeFileSync(file, pageText(sampleReport(images, infos, chosen), samplePictures(images)));
    url = pathToFileURL(file).href;
    // The page is our own, and containers often refuse what the sandbox needs.
    const args = ['--no-sandbox', '--disable-dev-shm-usage'];
    browser = await puppeteer.launch({ executablePath: chromium ?? '', args, timeout: SLOW });
    page = await browser.newPage();
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
    page.on('request', (request) => requests.push(request.url()));
    await page.setViewport(DESKTOP);
    await page.goto(url);
  }, SLOW);

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  /** Pixels of a chart that have a colour of the style, half-transparent or not. */
  const ink = (selector: string, colour: string): Promise<number> =>
    page.evaluate(
      (selector, colour) => {
        const canvas = document.querySelector<HTMLCanvasElement>(`${selector} canvas`);
        // A copy, since reading the chart's own would change how the browser draws it.
        const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
        if (!canvas || !context) return 0;
        context.canvas.width = canvas.width;
        context.canvas.height = canvas.height;
        context.drawImage(canvas, 0, 0);
        const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) =>
          Number.parseInt(
            getComputedStyle(document.documentElement)
              .getPropertyValue(`--${colour}`)
              .slice(at, at + 2),
            16,
          ),
        );
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let i = 0; i < data.length; i += 4) {
          const distance = [red, green, blue].map((value, channel) => Math.abs(value - (data[i + channel] ?? 0)));
          if ((data[i + 3] ?? 0) > 100 && Math.max(...distance) < 6) count++;
        }
        return count;
      },
      selector,
      colour,
    );

  const chart = (name: string) => `[data-chart="${name}"]`;
  /** Faster than the mouse, which the dialog's test uses. */
  const press = (selector: string) =>
    page.$eval(selector, (element) => element instanceof HTMLElement && element.click());
  const textOf = (selector: string) => page.$eval(selector, (element) => element.textContent ?? '');
  const visibleFiles = () =>
    page.$$eval('.gallery > article', (cards) =>
      cards.flatMap((card) => (card instanceof HTMLElement && card.offsetParent ? (card.dataset.file ?? '') : [])),
    );

  it('draws every chart, for every score', async () => {
    const seen = new Set<string>();
    for (const [index, score] of SCORES.entries()) {
      await page.select('[data-score]', score);
      const figures = [
        await ink(chart('histogram'), 'normal'),
        await ink(chart('histogram'), 'abnormal'),
        await ink(chart('histogram'), 'text'),
        await ink(chart('roc'), 'accent'),
        await ink(chart('roc'), 'text'),
        await ink(chart('precision-recall'), 'accent'),
        await ink(chart('precision-recall'), 'text'),
      ];
      for (const figure of figures) expect(figure).toBeGreaterThan(30);
      seen.add(figures.join(' '));
      for (const name of ['histogram', 'roc', 'precision-recall']) {
        const label = await page.$eval(chart(name), (place) => place.getAttribute('aria-label'));
        expect(label).toContain(infos[index]?.label);
      }
    }
    expect(seen.size).toBe(SCORES.length);
    for (const loss of [0, 1]) expect(await ink(`[data-loss="${loss}"]`, 'accent')).toBeGreaterThan(30);
    // One is nowhere finite.
    expect(await page.$$eval('canvas', (all) => all.length)).toBe(5);
  });

  it('tells the values under the pointer, and zooms', async () => {
    await page.select('[data-score]', 'sse');
    const values = `${chart('roc')} .u-legend`;
    expect(await textOf(values)).not.toMatch(/\d/);
    const over = await page.waitForSelector(`${chart('roc')} .u-over`);
    await over?.scrollIntoView();
    const { x = 0, y = 0, width = 0, height = 0 } = (await over?.boundingBox()) ?? {};
    await page.mouse.move(x + width * 0.6, y + height * 0.3);
    expect(await textOf(values)).toMatch(/normal images flagged:?\s*\d+\.\d %.*flagged from:?\s*[\d.]+/s);
    const whole = await ink(chart('roc'), 'accent');
    await page.mouse.down();
    await page.mouse.move(x + width * 0.9, y + height * 0.3, { steps: 3 });
    await page.mouse.up();
    expect(await ink(chart('roc'), 'accent')).not.toBe(whole);
    await page.mouse.click(x + width * 0.5, y + height * 0.5, { count: 2 });
    await page.waitForFunction(() => true);
    expect(await ink(chart('roc'), 'accent')).toBe(whole);
  });

  it('shows with each filter as many images as it says', async () => {
    const filters = await page.$$eval('[data-filter]', (buttons) =>
      buttons.map((button) => [
        button.getAttribute('data-filter') ?? '',
        button.querySelector('span')?.textContent ?? '',
      ]),
    );
    expect(filters.map(([name]) => name)).toEqual([
      ...['all', 'missed', 'false-alarm', 'flagged', 'passed', 'normal', 'abnormal', 'type-0', 'type-1'],
    ]);
    for (const [name, count] of filters) {
      await press(`[data-filter="${name}"]`);
      expect(await visibleFiles()).toHaveLength(Number(count));
      expect(Number(count)).toBeGreaterThan(0);
      expect(await textOf('.count')).toBe(`${count} of ${images.length} images`);
    }
    await press('[data-filter="all"]');
  });

  it('sorts by what misses worst, by each score, and by name, either way', async () => {
    const decisive = (image: ScoredImage) => image.scores[chosen.chosen] ?? Number.NaN;
    const isFlagged = (image: ScoredImage) => decisive(image) >= (chosen.scores[chosen.chosen]?.threshold.value ?? 0);
    const falling = images.toSorted((a, b) => decisive(b) - decisive(a));
    const missed = falling.filter((image) => image.label === 'abnormal' && !isFlagged(image)).reverse();
    const falseAlarms = falling.filter((image) => image.label === 'normal' && isFlagged(image));
    const rest = falling.filter((image) => !missed.includes(image) && !falseAlarms.includes(image));
    const worst = [...missed, ...falseAlarms, ...rest].map(({ file }) => file);
    expect(missed.length * falseAlarms.length).toBeGreaterThan(0);
    expect(await visibleFiles()).toEqual(worst);
    const byScore = (score: string) =>
      images.toSorted((a, b) => (b.scores[score] ?? 0) - (a.scores[score] ?? 0)).map(({ scores }) => scores[score]);
    const scoresOf = (files: string[], score: string) =>
      files.map((file) => images.find((image) => image.file === file)?.scores[score]);
    for (const [index, score] of SCORES.entries()) {
      await page.select('[data-sort]', String(index));
      expect(scoresOf(await visibleFiles(), score)).toEqual(byScore(score));
      await press('[data-reverse]');
      expect(scoresOf(await visibleFiles(), score)).toEqual(byScore(score).reverse());
      await press('[data-reverse]');
    }
    await page.select('[data-sort]', 'file');
    expect(await visibleFiles()).toEqual(images.map(({ file }) => file).sort((a, b) => a.localeCompare(b)));
    await page.select('[data-sort]', 'worst');
    expect(await visibleFiles()).toEqual(worst);
  });

  it('enlarges an image, moves through those that the filter shows, and closes', async () => {
    await press('[data-filter="missed"]');
    const missed = await visibleFiles();
    expect(missed.length).toBeGreaterThan(3);
    const title = () => textOf('dialog h3');
    const isOpen = () => page.$eval('dialog', (dialog) => dialog.open);
    await page.click('.gallery > article:not([hidden]) .strip');
    expect([await isOpen(), await title()]).toEqual([true, missed[0]]);
    await page.click('[data-move="1"]');
    expect(await title()).toBe(missed[1]);
    await page.keyboard.press('ArrowRight');
    expect(await title()).toBe(missed[2]);
    await page.keyboard.press('ArrowLeft');
    await page.click('[data-move="-1"]');
    await page.click('[data-move="-1"]');
    expect(await title()).toBe(missed.at(-1));
    await page.click('[data-close]');
    expect(await isOpen()).toBe(false);
    await page.click('.gallery > article:not([hidden]) [data-enlarge]');
    await page.keyboard.press('Escape');
    expect(await isOpen()).toBe(false);
    await press('[data-filter="all"]');
  });

  it('fits a telephone, and draws in dark colours where these are wished for', async () => {
    const light = await ink(chart('roc'), 'accent');
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    await page.setViewport(PHONE);
    await page.waitForFunction(
      () => (document.querySelector('canvas')?.getBoundingClientRect().right ?? Infinity) <= window.innerWidth,
    );
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
    expect(await ink(chart('roc'), 'accent')).toBeGreaterThan(30);
    expect(light).toBeGreaterThan(30);
    await page.emulateMediaFeatures([]);
    await page.setViewport(DESKTOP);
  });

  it.each([
    ['light', 'desktop', DESKTOP],
    ['light', 'phone', PHONE],
    ['dark', 'desktop', DESKTOP],
    ['dark', 'phone', PHONE],
  ])('has nothing that axe objects to, in %s colours on a %s', async (scheme, _, viewport) => {
    const other = await browser.newPage();
    await other.setViewport(viewport);
    await other.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await other.goto(url);
    // Over a gradient axe cannot tell the contrast of text.
    await other.addStyleTag({ content: 'nav, .scroll, pre { background-image: none !important; }' });
    await other.evaluate(axe.source);
    const { violations, passes } = await other.evaluate(() => Reflect.get(globalThis, 'axe').run());
    const found = violations.map(({ id, nodes }: axe.Result) => [id, nodes.map(({ html }) => html)]);
    expect(found).toEqual([]);
    expect(passes.map(({ id }: axe.Result) => id)).toContain('color-contrast');
    await other.close();
  });

  it('shades the edge of a table beyond which it goes on, and the other edge at its end', async () => {
    const phone = await browser.newPage();
    await phone.setViewport(PHONE);
    await phone.goto(url);
    const table = await phone.waitForSelector('#scores .scroll');
    // Cards above it are laid out when they come near, and move it.
    await phone.addStyleTag({ content: '.card { content-visibility: visible; }' });
    /** How bright the two edges of the table are, above its caption. */
    const edges = async () => {
      const { x = 0, y = 0, width = 0 } = (await table?.boundingBox()) ?? {};
      const at = async (left: number) => {
        const clip = { x: left, y: y + 8, width: 3, height: 3 };
        return PNG.sync.read(Buffer.from(await phone.screenshot({ clip }))).data[0] ?? 0;
      };
      return [await at(x + 2), await at(x + width - 5)];
    };
    const [left = 0, right = 0] = await edges();
    expect(left - right).toBeGreaterThan(30);
    await table?.evaluate((element) => element.scrollTo({ left: element.scrollWidth, behavior: 'instant' }));
    const [leftAtEnd = 0, rightAtEnd = 0] = await edges();
    expect(rightAtEnd - leftAtEnd).toBeGreaterThan(30);
    await phone.close();
  });

  it('shows values of a chart only while a pointer is over it', async () => {
    const legend = `${chart('roc')} .u-legend`;
    const isShown = () => page.$eval(legend, (element) => getComputedStyle(element).display !== 'none');
    await page.bringToFront();
    await page.mouse.move(0, 0);
    expect(await isShown()).toBe(false);
    await page.hover(`${chart('roc')} .u-over`);
    expect(await isShown()).toBe(true);
    await page.mouse.move(0, 0);
  });

  it.each([
    ['desktop', DESKTOP],
    ['phone', PHONE],
  ])('leads to every section on a %s', async (_, viewport) => {
    const other = await browser.newPage();
    await other.setViewport(viewport);
    await other.goto(url);
    const goals = await other.$$eval('nav a', (links) => links.map((link) => link.getAttribute('href') ?? ''));
    expect(goals).toHaveLength(11);
    for (const goal of goals) {
      await other.$eval(`nav a[href="${goal}"]`, (link) => link instanceof HTMLElement && link.click());
      const isThere = await other.waitForFunction(
        (goal) => {
          const section = document.querySelector(goal);
          if (!section) return false;
          const { top } = section.getBoundingClientRect();
          const atEnd = document.documentElement.scrollHeight - scrollY - innerHeight < 2;
          // The last sections cannot come up to the top.
          return Math.abs(top - Number.parseFloat(getComputedStyle(section).scrollMarginTop)) < 2 || (atEnd && top > 0);
        },
        { timeout: SLOW },
        goal,
      );
      expect(await isThere.jsonValue()).toBe(true);
    }
    await other.close();
  });

  it('shows pictures without scrolling', async () => {
    const first = await page.$eval('.gallery img', (picture) => picture.getBoundingClientRect().bottom + scrollY);
    expect(first).toBeLessThan(DESKTOP.height);
  });

  it.each(LARGE)(
    'opens with $count images of $side px, in less than 60 MB',
    async ({ count, side }) => {
      const { file, pictureBytes } = await writeLargeReport(folder, { count, side });
      expect(pictureBytes).toBeGreaterThan(0.9 * PICTURES_BUDGET);
      expect(statSync(file).size).toBeLessThan(60e6);
      const large = await browser.newPage();
      await large.goto(pathToFileURL(file).href);
      await large.waitForFunction(() => document.querySelector('.count')?.textContent !== '');
      expect(await large.$eval('.count', (element) => element.textContent)).toBe(`${count} of ${count} images`);
      await large.close();
    },
    SLOW,
  );

  it('shows tables and images without its script too', async () => {
    const plain = await browser.newPage();
    await plain.setJavaScriptEnabled(false);
    await plain.goto(url);
    const box = async (selector: string) => (await (await plain.$(selector))?.boundingBox()) ?? null;
    for (const selector of ['#figures table', '#types table', '#scores table', '.gallery img', 'noscript p'])
      expect(await box(selector)).not.toBeNull();
    for (const selector of ['.toolbar', '.drawn']) expect(await box(selector)).toBeNull();
    await plain.close();
  });

  it('has asked for nothing outside the file, and complained of nothing', () => {
    expect(requests.filter((request) => !request.startsWith('data:'))).toEqual(expect.arrayContaining([url]));
    expect(requests.filter((request) => !request.startsWith('data:') && request !== url)).toEqual([]);
    expect(complaints.join('\n')).toBe('');
  });
});
