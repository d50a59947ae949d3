import type { Dataset } from '../../data/datasets/dataset.ts';
import { type LayoutOptions, readDataset } from '../../data/datasets/layouts.ts';
import { passedOverText } from '../../data/datasets/passed-over.ts';
import type { Listener } from '../common/listener.ts';

/** How a data folder is read. */
export interface DataOptions {
  /** Folder in one of the layouts of docs/detect.md. */
  data: string;
  /** What trainA and testA hold; abnormal images unless told otherwise. */
  aIs?: 'normal' | 'abnormal' | undefined;
  /** Whether to leave out images that cannot be read, each with a warning, instead of refusing them. */
  skipBroken?: boolean | undefined;
}

/** How many files a warning names. */
const SHOWN = 3;

/**
 * The images of a data folder. Warns of masks and templates that belong to no image, and of what was passed over.
 *
 * @throws CyclopsError as readDataset
 */
export function openData(
  { data, aIs, onWarning }: DataOptions & Listener,
  layout: Pick<LayoutOptions, 'allowNormalAlone'> = {},
): Dataset {
  const dataset = readDataset(data, { ...layout, ...(aIs && { aIs }) });
  const { strays, passedOver } = dataset;
  const text = passedOverText(passedOver);
  if (text) onWarning?.(`Warning: passed over: ${text}.`);
  if (strays.length > 0) {
    const more = strays.length > SHOWN ? `, and ${strays.length - SHOWN} more` : '';
    onWarning?.(
      `Warning: no image has the name of ${strays.slice(0, SHOWN).join(', ')}${more}: not used. ` +
        'A mask or template belongs to the image of the same name, but for the ending.',
    );
  }
  return dataset;
}
