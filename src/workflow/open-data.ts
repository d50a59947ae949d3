import type { DataOptions } from '../cli/options.ts';
import type { Dataset } from '../data/datasets/dataset.ts';
import { readDataset } from '../data/datasets/layouts.ts';

/** How many files a warning names. */
const SHOWN = 3;

/**
 * The data folder that a command was given. Says on standard error which masks and templates belong to no image.
 *
 * @throws CyclopsError as readDataset
 */
export function openData(path: string, { aIs, quiet = false }: DataOptions & { quiet?: boolean }): Dataset {
  const dataset = readDataset(path, aIs ? { aIs } : {});
  const { strays } = dataset;
  if (strays.length > 0 && !quiet) {
    const more = strays.length > SHOWN ? `, and ${strays.length - SHOWN} more` : '';
    process.stderr.write(
      `Warning: no image has the name of ${strays.slice(0, SHOWN).join(', ')}${more}: not used. ` +
        'A mask or template belongs to the image of the same name, but for the ending.\n',
    );
  }
  return dataset;
}
