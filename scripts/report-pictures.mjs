// Takes the pictures of the README from a report: node scripts/report-pictures.mjs REPORT.html. Needs a Chromium (node
// scripts/chromium.mjs).
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import puppeteer from 'puppeteer-core';
import { findChromium } from './setup/chromium.mjs';

const WIDTH = 1180;
const MARGIN = 14;
const [report] = process.argv.slice(2);
const executablePath = findChromium();
if (report === undefined || executablePath === undefined) {
  console.error('report-pictures: expected a report.html as argument, and a Chromium');
  process.exit(2);
}

/** Where a picture goes. @param {string} name @returns {`${string}.png`} */
const picture = (name) => `${fileURLToPath(new URL(`../docs/${name}`, import.meta.url))}.png`;

const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox'] });
const page = await browser.newPage();
await page.setViewport({ width: WIDTH, height: 900 });
await page.goto(pathToFileURL(resolve(report)).href);

/** @param {string} name @param {number} y @param {number} bottom */
const take = (name, y, bottom) =>
  page.screenshot({ path: picture(name), clip: { x: 0, y, width: WIDTH, height: bottom - y } });

/**
 * Top and bottom of what a selector finds first.
 * @param {string} selector
 * @returns {Promise<{ top: number, bottom: number }>}
 */
const placeOf = (selector) =>
  page.$eval(selector, (element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return { top: Math.round(top + scrollY), bottom: Math.round(bottom + scrollY) };
  });

await page.waitForSelector('#curves canvas');
// Cards that were never in view have heights that are guesses.
await page.addStyleTag({ content: '.card { content-visibility: visible !important; }' });
const { top: decision } = await placeOf('#decision');
await take('report-figures', decision - MARGIN, (await placeOf('#curves')).bottom + MARGIN);
await page.click('[data-filter="abnormal"]');
// Title, outcome and two rows of images.
const { bottom } = await placeOf('.gallery > article:not([hidden]) ~ article:not([hidden]) ~ article:not([hidden])');
await take('report-images', 0, bottom + MARGIN);
await browser.close();
