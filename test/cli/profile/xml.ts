/** An element of a well-formed document. */
export interface Element {
  name: string;
  attributes: Map<string, string>;
}

/** All elements of an XML text in document order. @throws Error where the text is not well-formed */
export function elementsOf(xml: string): Element[] {
  const elements: Element[] = [];
  const open: string[] = [];
  const token = /<(?<close>\/?)(?<name>[A-Za-z][\w:-]*)(?<attributes>(?:\s+[\w:-]+="[^"<]*")*)\s*(?<empty>\/?)>|[^<]+/y;
  while (token.lastIndex < xml.length) {
    const at = token.lastIndex;
    const { groups, 0: text } = token.exec(xml) ?? {};
    if (text === undefined) throw new Error(`not well-formed at ${xml.slice(at, at + 60)}`);
    if (/&(?!(amp|lt|gt|quot|#\d+);)/.test(text)) throw new Error(`a bare & in ${text}`);
    if (groups?.name === undefined) {
      if (open.length === 0 && text.trim() !== '') throw new Error(`text outside of the root: ${text}`);
      continue;
    }
    const { name, close, empty, attributes = '' } = groups;
    if (close) {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
      continue;
    }
    if (open.length === 0 && elements.length > 0) throw new Error(`a second root: ${name}`);
    const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(
      ([, key = '', value = '']) => [key, value] as const,
    );
    elements.push({ name, attributes: new Map(pairs) });
    if (!empty) open.push(name);
  }
  if (open.length > 0) throw new Error(`never closed: ${open.join(', ')}`);
  return elements;
}
