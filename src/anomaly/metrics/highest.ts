/** The entry with the highest value, of equal ones the first; undefined without entries. */
export function highest(
  entries: readonly (readonly [name: string, value: number])[],
): readonly [name: string, value: number] | undefined {
  const [first, ...others] = entries;
  return first && others.reduce((best, own) => (own[1] > best[1] ? own : best), first);
}
