import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { FORMAT } from '../../src/report/parts/report.ts';
import { UsageError } from '../../src/workflow/common/usage-error.ts';
import { freeReportPaths, reportPaths } from '../../src/workflow/report-paths.ts';
import { temporaryFolder } from '../cli/support.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

it.each([
  ['out/report.html', 'out/report.json'],
  ['out.d/report', 'out.d/report.json'],
  ['report.v2.html', 'report.v2.json'],
])('the figures of %s go into %s', (page, json) => {
  expect(reportPaths(page)).toEqual({ page, json });
});

describe('a report does not overwrite', () => {
  const refused = (report: string) => expect(() => freeReportPaths(report));

  it('itself', () => {
    refused('report.json').toThrow(UsageError);
    refused('report.json').toThrow(/should name the page of a report, such as report.html/);
  });

  it('a JSON file that is no report, but an earlier report', () => {
    const page = folder.path('config.html');
    for (const text of ['{"ngf": 64}', '[1]', 'not JSON at all']) {
      writeFileSync(folder.path('config.json'), text);
      refused(page).toThrow(/config.json would overwrite a file that is there and is not the figures of a report/);
    }
    writeFileSync(folder.path('config.json'), JSON.stringify({ format: FORMAT }));
    refused(page).not.toThrow();
  });
});
