const WRITTEN: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text on one line, with control characters and those that turn the direction of writing as escapes: a file's name may hold any. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, (character) => {
    return WRITTEN[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** The same of a text of several lines, which stay. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}
