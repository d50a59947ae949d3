// Sees to it that the tests of the report find a Chromium: installs Debian's where there is none. Where that cannot be
// done it says why, and those tests are skipped.
import { findChromium, installChromium } from './setup/chromium.mjs';

/** @param {string} line */
const say = (line) => console.error(`chromium: ${line}`);

const problem = findChromium() ? undefined : installChromium(say);
const path = findChromium();
say(
  path ??
    `SKIPPED the tests that look at reports in a browser: ${problem ?? 'it is not in the path'}. Name one in CYCLOPS_CHROMIUM`,
);
