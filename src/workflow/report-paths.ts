import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import * as v from 'valibot';
import { readJson } from '../data/files/json-file.ts';
import { object } from '../data/files/schema.ts';
import { FORMAT } from '../report/parts/report.ts';
import { UsageError } from './common/usage-error.ts';

const JSON_ENDING = '.json';

/** The page of a report and the file of its figures, which has its name but ends in .json. */
export function reportPaths(page: string): { page: string; json: string } {
  return { page, json: `${page.slice(0, page.length - extname(page).length)}${JSON_ENDING}` };
}

/**
 * The same, of a report that overwrites nothing but a report.
 *
 * @throws UsageError
 */
export function freeReportPaths(report: string): { page: string; json: string } {
  const { page, json } = reportPaths(report);
  if (page === json) {
    throw new UsageError(
      `${page} should name the page of a report, such as report.html; its figures go beside it, into a file that ends in ${JSON_ENDING}.`,
    );
  }
  if (existsSync(json) && !isReport(json)) {
    throw new UsageError(
      `The report ${page} would write its figures into ${json}, which is there and no report of Cyclops. Give the page another name.`,
    );
  }
  return { page, json };
}

function isReport(path: string): boolean {
  try {
    readJson(path, object({ format: v.literal(FORMAT) }));
    return true;
  } catch {
    return false;
  }
}
