import { stringify } from 'csv-stringify/sync';

/** A field of a table; null is empty. */
export type CsvField = string | number | null;

/** An apostrophe that keeps a text from being run: {@link csvLine} puts it in front of what begins as formulas do. */
const GUARD = /^'(?=[=+\-@\t\r\n＝＋－＠])/;

/**
 * A line of RFC 4180 with its end, CRLF. Numbers keep all their digits. A text that a spreadsheet would run as a formula, such as
 * the file name `=1+1.png`, has an apostrophe in front, so that it is shown and not run; one that would fall into two cells where
 * semicolons or tabs divide them is quoted.
 *
 * Source: OWASP, "CSV Injection".
 */
export function csvLine(fields: readonly CsvField[]): string {
  return stringify([fields], {
    ...{ record_delimiter: 'windows', quote_record_delimiter: true, quoted_match: /[;\t]/, escape_formulas: true },
    // OWASP lists the line feed too, which the library passes over.
    cast: { string: (text) => (text.startsWith('\n') ? `'${text}` : text) },
  });
}

/** A text that was read from a table as it was before {@link csvLine} wrote it. */
export function withoutGuard(text: string): string {
  return text.replace(GUARD, '');
}
