/** A field of a table; null is empty. */
export type CsvField = string | number | null;

/** Spreadsheets take a text that begins so for a formula, and run it. */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * A line of RFC 4180 with its end, CRLF. Numbers keep all their digits. A text that a spreadsheet would run as a formula, such as
 * the file name `=1+1.png`, has an apostrophe in front, so that it is shown and not run.
 *
 * Source: OWASP, "CSV Injection".
 */
export function csvLine(fields: readonly CsvField[]): string {
  return `${fields.map(write).join(',')}\r\n`;
}

function write(field: CsvField): string {
  if (typeof field !== 'string') return field === null ? '' : String(field);
  const harmless = FORMULA.test(field) ? `'${field}` : field;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
