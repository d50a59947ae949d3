/**
 * Times how long Chromium takes to open a large report, until it can be sorted and filtered. The project's bar is three seconds on two cores.
 *
 *   npm run bench:report [-- --runs 5]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import puppeteer from 'puppeteer-core';
import { findChromium } from '../scripts/setup/chromium.mjs';
import { median } from '../src/anomaly/metrics/median.ts';
import { LARGE, writeLargeReport } from '../test/report/large-report.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });
const runs = Number(values.runs);
const executablePath = findChromium();
if (!(Number.isInteger(runs) && runs > 0)) refuse(`--runs is ${values.runs}; expected a whole number from 1 on.`);
if (!executablePath) refuse('There is no Chromium: node scripts/chromium.mjs installs one.');

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'cyclops-bench-report-'));
const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
try {
  console.log(
    `${await browser.version()}, Node ${process.version}; seconds to open: median of ${runs} (shortest to longest)`,
  );
  for (const size of LARGE) {
    const { file } = await writeLargeReport(folder, size);
    const seconds: number[] = [];
    for (let run = 0; run < runs; run++) {
      const page = await browser.newPage();
      await page.setViewport({ width: 1280, height: 900 });
      const began = performance.now();
      await page.goto(pathToFileURL(file).href);
      await page.waitForFunction(() => document.querySelector('.count')?.textContent !== '');
      seconds.push((performance.now() - began) / 1000);
      await page.close();
    }
    const [shortest, longest] = [Math.min(...seconds), Math.max(...seconds)].map((value) => value.toFixed(2));
    const megabytes = (statSync(file).size / 1e6).toFixed(0);
    console.log(
      `${size.count} images of ${size.side} px, ${megabytes} MB: ${median(seconds)?.toFixed(2)} (${shortest} to ${longest})`,
    );
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
