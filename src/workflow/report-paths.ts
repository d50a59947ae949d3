import { extname } from 'node:path';
import { FORMAT } from '../report/parts/report.ts';
import { requireOutput, textKind } from './common/outputs.ts';
import { UsageError } from './common/usage-error.ts';

const JSON_ENDING = '.json';

const PAGE = textKind('a report', /^<!doctype html>\n<html lang="en">\n<head>\n[\s\S]*<title>Cyclops: /);
const FIGURES = textKind('the figures of a report', new RegExp(`^\\{\\s*"format":\\s*"${FORMAT}"`));

/** The page of a report and the file of its figures, which has its name but ends in .json. */
export function reportPaths(page: string): { page: string; json: string } {
  return { page, json: `${page.slice(0, page.length - extname(page).length)}${JSON_ENDING}` };
}

/**
 * The same, of a report that overwrites nothing but a report.
 *
 * @throws UsageError @throws CyclopsError where it cannot be written
 */
export function freeReportPaths(report: string): { page: string; json: string } {
  const { page, json } = reportPaths(report);
  if (page === json) {
    throw new UsageError(
      `${page} should name the page of a report, such as report.html; its figures go beside it, into a file that ends in ${JSON_ENDING}.`,
    );
  }
  requireOutput('--report', page, PAGE);
  requireOutput('--report', json, FIGURES);
  return { page, json };
}
