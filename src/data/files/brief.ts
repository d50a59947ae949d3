const MOST_CHARACTERS = 60;

/** A value of JSON in a few words, for messages: short texts and numbers as they are, of everything else how much it is. */
export function brief(value: unknown): string {
  if (typeof value === 'string') return cut(value, '"');
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return `an object with ${Object.keys(value).length} keys`;
  return String(value);
}

/** A name in single quotes, for messages; cut off where it is long. */
export function quoted(name: string): string {
  return cut(name, "'");
}

function cut(text: string, quote: string): string {
  const shown = `${quote}${JSON.stringify(text.slice(0, MOST_CHARACTERS)).slice(1, -1)}${quote}`;
  return text.length <= MOST_CHARACTERS ? shown : `${shown}… (${text.length} characters)`;
}
