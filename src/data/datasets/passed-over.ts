/** Why something in a folder was passed over, of one and of several. */
const REASONS = {
  others: ['file that is no image', 'files that are no images'],
  elsewhere: ['image or folder where no images are looked for', 'images or folders where no images are looked for'],
  hidden: ['hidden file or folder', 'hidden files or folders'],
  unlisted: ['image that no list of parts names', 'images that no list of parts names'],
  rows: ['row of index.csv that names no image', 'rows of index.csv that name no image'],
  again: ['link to a folder that was looked through already', 'links to folders that were looked through already'],
  outside: [
    'link that leads out of the folder, which --follow-links follows',
    'links that lead out of the folder, which --follow-links follows',
  ],
  twice: ['file that was given twice', 'files that were given twice'],
} as const;

export type Reason = keyof typeof REASONS;

/** What was passed over, as paths, by the reason; a reason for nothing is absent. */
export type PassedOver = Partial<Record<Reason, string[]>>;

const reasons = Object.keys(REASONS) as Reason[];

/** How many files a message names for each reason. */
const SHOWN = 3;

/** Notes something that was passed over. */
export function passOver(passed: PassedOver, reason: Reason, paths: readonly string[]): void {
  if (paths.length === 0) return;
  passed[reason] ??= [];
  for (const path of paths) passed[reason].push(path);
}

/** Notes all that was passed over elsewhere. */
export function passOverAll(passed: PassedOver, more: PassedOver): void {
  for (const reason of reasons) passOver(passed, reason, more[reason] ?? []);
}

/** How much was passed over for each reason, and some names; null where nothing was. */
export function passedOverText(passed: PassedOver): string | null {
  const counted = reasons.flatMap((reason) => {
    const paths = passed[reason] ?? [];
    const [one, many] = REASONS[reason];
    const named = `${paths.slice(0, SHOWN).join(', ')}${paths.length > SHOWN ? ', …' : ''}`;
    return paths.length === 0 ? [] : `${paths.length} ${paths.length === 1 ? one : many} (${named})`;
  });
  return counted.length === 0 ? null : counted.join('; ');
}
