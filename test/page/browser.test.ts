import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../scripts/setup/chromium.mjs';
import { csvRows } from '../../src/data/files/csv-rows.ts';
import { Detector, Device } from '../../src/detector.ts';
import { makePage, train } from '../../src/workflow.ts';
import { SMALL_CONFIG, temporaryFolder } from '../cli/support.ts';

const chromium = findChromium();
if (!chromium)
  console.warn('SKIPPED: the page in a browser. There is no Chromium: node scripts/chromium.mjs installs one.');

const PHOTOGRAPHS = 'data/bsdata_pitting';
const SLOW = 240_000;
/** Hostile, and longer than a telephone is wide. */
const TITLE = `Pits <& "others"> ${'W'.repeat(200)}`;
/** WebGPU on the processor, in a browser whose page is our own: containers often refuse what the sandbox needs. */
const FLAGS = [
  ...['--no-sandbox', '--disable-dev-shm-usage'],
  ...['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'],
  ...['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
];

function photographs(label: 'normal' | 'abnormal', count: number): string[] {
  const names = readdirSync(join(PHOTOGRAPHS, label));
  const step = Math.floor(names.length / count);
  return Array.from({ length: count }, (_, i) => join(PHOTOGRAPHS, label, names[i * step] ?? ''));
}

describe.skipIf(!chromium)('a page in a browser', () => {
  const folder = temporaryFolder();
  const files = [...photographs('normal', 10), ...photographs('abnormal', 10)];
  const complaints: string[] = [];
  const requests: string[] = [];
  let browser: Browser;
  let page: Page;
  let url: string;
  let model: string;

  beforeAll(async () => {
    const data = folder.path('data');
    for (const label of ['normal', 'abnormal'] as const) {
      mkdirSync(join(data, label), { recursive: true });
      for (const file of photographs(label, 8)) copyFileSync(file, join(data, label, file.split('/').at(-1) ?? ''));
    }
    const device = await Device.open();
    const out = folder.path('pits');
    await train({ device, data, out, config: { ...SMALL_CONFIG, localContrast: true, steps: 5 }, tune: false });
    device.close();
    model = join(out, 'model.safetensors');
    const html = folder.path('detector.html');
    writeFileSync(html, await makePage({ model, title: TITLE }));
    url = pathToFileURL(html).href;
    browser = await puppeteer.launch({
      executablePath: chromium ?? '',
      args: FLAGS,
      timeout: SLOW,
      protocolTimeout: SLOW,
    });
    page = await open();
  }, SLOW);

  afterAll(async () => {
    await browser?.close();
    folder.remove();
  });

  /** @param before runs in the page before anything else does */
  async function open(before?: () => void): Promise<Page> {
    const opened = await browser.newPage();
    opened.setDefaultTimeout(SLOW);
    opened.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    opened.on('pageerror', (error) => complaints.push(String(error)));
    opened.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
    opened.on('request', (request) => requests.push(request.url()));
    await opened.setViewport({ width: 1280, height: 900 });
    if (before) await opened.evaluateOnNewDocument(before);
    // What is downloaded is kept instead.
    await opened.evaluateOnNewDocument(() => {
      const make = URL.createObjectURL.bind(URL);
      Object.assign(window, { downloads: [] });
      URL.createObjectURL = (blob: Blob) => {
        Reflect.get(window, 'downloads').push(blob);
        return make(blob);
      };
    });
    await opened.goto(url);
    await opened.waitForFunction(() => {
      const [choose, trouble] = ['#choose', '#trouble'].map((id) => document.querySelector(id));
      return choose?.matches(':enabled') || trouble?.matches(':not([hidden])');
    });
    return opened;
  }

  async function judge(opened: Page, paths: string[]): Promise<void> {
    const before = await opened.$$eval('#rows tr', (rows) => rows.length);
    const input = await opened.$('#files');
    if (!input) throw new Error('The page has no input for files.');
    // @ts-expect-error: the element is an input, which its type does not say.
    await input.uploadFile(...paths);
    await opened.waitForFunction(
      (total) => {
        const progress = document.querySelector('#progress');
        const shown = document.querySelectorAll('#rows tr:not([data-state="waiting"])').length;
        return progress instanceof HTMLElement && progress.dataset.waiting === '0' && shown === total;
      },
      {},
      before + paths.length,
    );
  }

  async function table(opened: Page): Promise<string[][]> {
    await opened.click('#csv');
    const text = await opened.evaluate(() => Reflect.get(window, 'downloads').at(-1).text());
    return csvRows(text, 'verdicts.csv');
  }

  const textOf = (selector: string) => page.$eval(selector, (element) => element.textContent ?? '');
  const names = () => page.$$eval('#rows button', (buttons) => buttons.map((button) => button.textContent ?? ''));

  it(
    'judges twenty photographs as Node does, and says so in its table',
    async () => {
      await judge(page, files);
      const [heading, ...rows] = await table(page);
      expect(heading).toEqual(['file', 'score', 'threshold', 'verdict', 'remarks']);
      expect(rows).toHaveLength(20);
      const detector = await Detector.open(model);
      for (const file of files) {
        const { score, threshold, flagged } = await detector.score(readFileSync(file));
        const [, own, limit, verdict] = rows.find(([name]) => file.endsWith(name ?? '')) ?? [];
        expect(Math.abs(Number(own) / score - 1), file).toBeLessThan(1e-3);
        expect(Number(limit)).toBe(threshold);
        // Two devices may differ about a score that is the threshold but for roundings.
        if (Math.abs(score / threshold - 1) > 1e-3) expect(verdict).toBe(flagged ? 'flagged' : 'passed');
      }
      detector.dispose();
      expect(await textOf('#progress')).toMatch(/^20 of 20 images looked at, \d+ flagged\.$/);
    },
    SLOW,
  );

  it(
    'names what it cannot judge, and in what an image is unlike the others',
    async () => {
      writeFileSync(folder.path('=1+1.png'), 'no picture');
      // Of another size, and in other light.
      const dark = await page.evaluate(async () => {
        const canvas = new OffscreenCanvas(300, 40);
        canvas.getContext('2d')?.fillRect(0, 0, 300, 40);
        return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
      });
      writeFileSync(folder.path('dark.png'), Uint8Array.from(dark));
      await judge(page, [folder.path('=1+1.png'), folder.path('dark.png')]);
      const rows = await table(page);
      expect(rows.find(([name]) => name === "'=1+1.png")?.slice(3)).toEqual([
        'unreadable',
        expect.stringMatching(/^The image is not an image that this browser can read/),
      ]);
      const remarks = rows.find(([name]) => name === 'dark.png')?.[4];
      expect(remarks).toMatch(/^It is 300 × 40 px; those that set the threshold are .* darker on average/);
      await page.click('[data-filter="unlike"]');
      const marked = rows.slice(1).filter(([, , , verdict, remark]) => verdict !== 'unreadable' && remark !== '');
      expect((await names()).toSorted()).toEqual(marked.map(([name]) => name).toSorted());
      expect(await names()).toContain('dark.png');
      await page.click('[data-filter="unreadable"]');
      expect(await names()).toEqual(['=1+1.png']);
      await page.click('[data-filter="all"]');
      expect(await textOf('#progress')).toMatch(/^22 of 22 images looked at, \d+ flagged, 1 could not be judged\.$/);
    },
    SLOW,
  );

  it(
    'sorts by score and by name, and goes through the list by keys',
    async () => {
      const scores = () => page.$$eval('#rows .number', (cells) => cells.map((cell) => Number(cell.textContent)));
      await page.click('#by-score button');
      const found = (await scores()).filter((score) => !Number.isNaN(score));
      expect(found).toEqual(found.toSorted((a, b) => b - a));
      expect(await page.$eval('#by-score', (heading) => heading.getAttribute('aria-sort'))).toBe('ascending');
      await page.click('#by-file button');
      const order = await names();
      await page.click('#by-file button');
      expect(await names()).toEqual(order.toReversed());
      await page.focus('#rows button');
      await page.click('#rows button');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowUp');
      const [, second] = await names();
      expect(await textOf('#rows [aria-current]')).toBe(second);
      expect(await textOf('#caption strong')).toBe(second);
    },
    SLOW,
  );

  it(
    'keeps the place and the clicks of who goes through the list while images are judged',
    async () => {
      await page.click('#by-score button');
      await page.focus('#rows button');
      await page.evaluate(() => scrollTo(0, 500));
      const before = await page.evaluate(() => scrollY);
      await page.evaluate(() => {
        document.addEventListener('pointerdown', ({ target }) => {
          if (target instanceof HTMLElement) Object.assign(window, { pressed: target.textContent });
        });
      });
      const input = await page.$('#files');
      // @ts-expect-error: the element is an input, which its type does not say.
      await input?.uploadFile(...files, ...files);
      const isBusy = () => page.$eval('#progress', (progress) => progress.getAttribute('data-waiting') !== '0');
      let looks = 0;
      for (; await isBusy(); looks++) {
        await page.click('#rows tr:nth-child(3) button', { delay: 150 });
        // What was under the pointer when it went down, for rows may have moved just before.
        expect(await textOf('#rows [aria-current]')).toBe(await page.evaluate(() => Reflect.get(window, 'pressed')));
        await page.evaluate((top) => scrollTo(0, top), before);
        await new Promise((resolve) => setTimeout(resolve, 250));
        expect(await page.evaluate(() => scrollY)).toBe(before);
      }
      expect(looks).toBeGreaterThan(0);
      await page.click('#clear');
      await page.evaluate(() => scrollTo(0, 0));
      await judge(page, files.slice(0, 2));
    },
    SLOW,
  );

  it(
    'lays the heat map over the picture, as strong as the slider says',
    async () => {
      const pixels = () =>
        page.$eval('#picture', (canvas) => {
          if (!(canvas instanceof HTMLCanvasElement)) return '';
          return canvas.toDataURL();
        });
      const set = (strength: number) =>
        page.$eval(
          '#strength',
          (slider, value) => {
            if (!(slider instanceof HTMLInputElement)) return;
            slider.value = String(value);
            slider.dispatchEvent(new Event('input'));
          },
          strength,
        );
      await set(0);
      const plain = await pixels();
      await set(100);
      const hot = await pixels();
      expect(plain.length).toBeGreaterThan(1000);
      expect(hot).not.toBe(plain);
      await set(0);
      expect(await pixels()).toBe(plain);
    },
    SLOW,
  );

  it(
    'takes pictures of the camera, and forgets all when told to',
    async () => {
      await page.click('#camera');
      await page.waitForSelector('#take', { visible: true });
      await page.waitForFunction(() => {
        const video = document.querySelector('video');
        return video !== null && video.videoWidth > 0;
      });
      await page.click('#take');
      await page.waitForFunction(() => document.querySelectorAll('#rows tr:not([data-state="waiting"])').length === 3);
      expect(await names()).toContain('camera 1');
      await page.click('#camera');
      await page.click('#clear');
      expect(await names()).toEqual([]);
      expect(await textOf('#progress')).toBe('No images yet.');
    },
    SLOW,
  );

  it('says what judges, and how its threshold was chosen', async () => {
    expect(await page.title()).toBe(TITLE);
    const facts = await textOf('.model-facts');
    expect(facts).toMatch(/Runs on.*which is the processor and slow/);
    expect(facts).toMatch(/It misses no abnormal image of those that chose it \(zero false negatives\)/);
    expect(facts).toMatch(/\d+ normal images?, \d+ abnormal images?/);
  });

  it(
    'has no serious fault of accessibility, and no word beyond the edge of a telephone',
    async () => {
      await judge(page, files.slice(9, 11));
      for (const width of [1280, 390]) {
        await page.setViewport({ width, height: 844 });
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate(() => Reflect.get(window, 'axe').run());
        const serious = violations.filter(({ impact }: { impact: string }) => /serious|critical/.test(impact));
        expect(serious, JSON.stringify(serious)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      }
    },
    SLOW,
  );

  it(
    'gives the same scores without immediates, as browsers have them that are older',
    async () => {
      const older = await open(() => {
        Reflect.deleteProperty(GPUComputePassEncoder.prototype, 'setImmediates');
      });
      await judge(older, files.slice(0, 3));
      const rows = await table(older);
      // A page behind another is not drawn, and waits.
      await older.close();
      await page.bringToFront();
      await page.click('#clear');
      await judge(page, files.slice(0, 3));
      expect(rows).toEqual(await table(page));
    },
    SLOW,
  );

  it(
    'says in a sentence what to use where there is no WebGPU',
    async () => {
      const without = await open(() => {
        Reflect.deleteProperty(Navigator.prototype, 'gpu');
      });
      expect(await without.$eval('#trouble', (element) => element.textContent)).toMatch(
        /^This browser offers no WebGPU here.* Open the page in Chrome or Edge/,
      );
      expect(await without.$eval('#choose', (button) => button.matches(':disabled'))).toBe(true);
      await without.close();
    },
    SLOW,
  );

  it('with halved weights is smaller, and scores nearly the same', async () => {
    const [whole, half] = [await makePage({ model }), await makePage({ model, halve: true })];
    expect(half.length).toBeLessThan(whole.length - 0.4 * ((statSync(model).size * 4) / 3));
    expect(half).toMatch(/rounded to 16 bits/);
    expect(whole).not.toMatch(/rounded to 16 bits/);
  });

  it('asks for nothing but itself, and complains of nothing', () => {
    const outside = requests.filter((request) => request !== url && !/^(blob|data):/.test(request));
    expect(outside).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
