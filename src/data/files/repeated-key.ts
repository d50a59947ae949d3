/** A text in quotes, a bracket, or what comes between values. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/** The first key that an object of a JSON text has twice, of which `JSON.parse` keeps the last without a word; null where there is none. */
export function repeatedKey(json: string): string | null {
  /** Of the lists and objects that are open; a list has no keys. */
  const open: (Set<string> | null)[] = [];
  let last = '';
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const key: string = JSON.parse(last);
      if (open.at(-1)?.has(key)) return key;
      open.at(-1)?.add(key);
    }
    last = token;
  }
  return null;
}
