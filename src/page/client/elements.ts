import { visible } from '../../report/parts/visible.ts';

/** The element with this id. @throws Error for one that the page lacks, which is a fault of ours */
export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`The page has no ${type.name} '${id}'.`);
}

/** A new element with text, which is never taken for markup; control characters, as of a file's name, are shown. */
export function made<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { text, className }: { text?: string; className?: string } = {},
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = visible(text);
  if (className !== undefined) node.className = className;
  return node;
}
