import { CsvError, type Options, parse } from 'csv-parse/sync';
import { CyclopsError } from '../../gpu/errors.ts';

/**
 * The rows of a table by RFC 4180, all with as many fields; empty lines are skipped.
 *
 * @param source the path of the file, for messages @param form how it is divided, in the words of csv-parse
 * @throws CyclopsError that names the line of a row with another number of fields, or with a quote where none may be
 */
export function csvRows(text: string, source: string, form: Options = {}): string[][] {
  let read = 0;
  let expected = 0;
  try {
    return parse(text, {
      ...form,
      skip_empty_lines: true,
      on_record: (row: string[], { lines }) => {
        read = lines;
        expected ||= row.length;
        return row;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CyclopsError(`${source}: ${problemOf(error, read + 1, expected)}`);
  }
}

/** @param first line at which the broken row begins, at the earliest */
function problemOf({ code, lines, record }: CsvError, first: number, expected: number): string {
  if (code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH') {
    const count = Array.isArray(record) ? record.length : 0;
    const came = count === 1 ? '1 field' : `${count} fields`;
    return `line ${lines} has ${came}, where ${expected} were expected as in the first line. Correct it; a field that holds what divides fields stands in double quotes.`;
  }
  if (code === 'CSV_QUOTE_NOT_CLOSED') {
    return `a double quote is opened in line ${first} or after it, and never closed. Close it; a double quote inside of a quoted field is written twice.`;
  }
  return `line ${lines} has a double quote where none is expected. Put the whole field into double quotes, and write each inside of it twice.`;
}
