import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
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
 * Refuses a report that would overwrite a file that is no report.
 *
 * @param report what --report names
 * @param csv what --csv names
 * @throws UsageError
 */
export function checkReportPaths(report: string, csv: string | undefined): void {
  const { page, json } = reportPaths(report);
  if (page === json) {
    throw new UsageError(
      `--report ${page} should name the page, such as report.html; its figures go beside it, into a file that ends in ${JSON_ENDING}.`,
    );
  }
  const taken = [page, json].find((path) => csv !== undefined && resolve(path) === resolve(csv));
  if (taken) {
    throw new UsageError(
      `--report ${page} writes ${page} and ${json}, and --csv would write ${taken} too. Give one of them another name.`,
    );
  }
  if (existsSync(json) && !isReport(json)) {
    throw new UsageError(
      `--report ${page} would write its figures into ${json}, which is there and no report of Cyclops. Give the page another name.`,
    );
  }
}

function isReport(path: string): boolean {
  try {
    readJson(path, object({ format: v.literal(FORMAT) }));
    return true;
  } catch {
    return false;
  }
}
