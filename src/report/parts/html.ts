import { visible } from './visible.ts';

/** Markup that is safe to put into a page as it is. Only `html` and `trusted` make it. */
export class Html {
  constructor(readonly markup: string) {}
}

type Content = string | number | null | Html | readonly Html[];

/**
 * Template tag for HTML and SVG: everything interpolated is escaped, for text and for quoted attributes alike, except
 * markup made by this tag; control characters, as of a file's name, are shown. null gives nothing; lists are joined.
 */
export function html(strings: TemplateStringsArray, ...values: Content[]): Html {
  const parts = strings.map((text, i) => text + render(values[i] ?? null));
  return new Html(parts.join(''));
}

/** Takes text as markup without escaping: for the style and the script of the page itself, never for data. */
export function trusted(markup: string): Html {
  return new Html(markup);
}

function render(value: Content): string {
  if (value === null) return '';
  if (value instanceof Html) return value.markup;
  if (typeof value === 'object') return value.map((item) => item.markup).join('');
  return escapeHtml(String(value));
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
