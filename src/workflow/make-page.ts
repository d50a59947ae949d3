import * as v from 'valibot';
import { decodeModel, type Model } from '../anomaly/detector/model-file.ts';
import { floatToHalf } from '../data/files/half.ts';
import { readBytes } from '../data/files/read.ts';
import { decodeSafetensors, encodeSafetensors, type TensorInput } from '../data/files/safetensors.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { PAGE_MARK } from '../page/mark.ts';
import { openModelFile } from './common/model.ts';
import { checkOptions, flag, path } from './common/options.ts';
import type { OutputKind } from './common/outputs.ts';

export interface MakePageOptions {
  /** Model file, or a run folder that has one. */
  model: string;
  /** Heading of the page; the name of the model's folder unless told otherwise. */
  title?: string | undefined;
  /** Whether to round weights to f16, which halves the page and changes scores a little. */
  halve?: boolean | undefined;
}

const titleOption = v.optional(v.pipe(v.string('a text'), v.nonEmpty('a text that is not empty')));

/** A page of more could not be held as one text. */
const MOST_BYTES = 256 * 2 ** 20;

/**
 * A page that judges images in a browser, with the model inside.
 *
 * @returns HTML
 * @throws UsageError for options that cannot be @throws CyclopsError for a model that cannot be read, or is too large for a page
 */
export async function makePage(options: MakePageOptions): Promise<string> {
  checkOptions('makePage', options, { model: path, title: titleOption, halve: flag });
  const { source, run } = openModelFile(options.model);
  if (run) {
    throw new CyclopsError(
      `${source} has no model.safetensors, which a page carries. Write it with 'cyclops calibrate ${source}'.`,
    );
  }
  const { halve = false, title = titleOf(source) } = options;
  const stored = readBytes(source);
  const bytes = halve ? halved(stored, source) : stored;
  if (bytes.length > MOST_BYTES) {
    throw new CyclopsError(
      `${source} is too large for a page: it has ${bytes.length} bytes, a page carries at most ${MOST_BYTES}. ` +
        `${halve ? 'Train with a smaller ngf' : 'Halve it with f16'}, or judge with 'cyclops serve'.`,
    );
  }
  const model = decodeModel(bytes, source);
  requireFinite(model);
  // The script of the page is large, and nothing else needs it.
  const { renderPage } = await import('../page/page.ts');
  return renderPage({ title, model, bytes, halved: halve });
}

/** What `cyclops page` writes. */
export const DETECTOR_PAGE: OutputKind = {
  what: 'a page',
  isOwn: (beginning) => new TextDecoder().decode(beginning.subarray(0, PAGE_MARK.length)) === PAGE_MARK,
};

/** A page with such weights would open, and judge nothing. @throws CyclopsError */
function requireFinite({ tensors, source }: Model): void {
  for (const [name, { data }] of tensors) {
    if (data.every(Number.isFinite)) continue;
    throw new CyclopsError(
      `${source} holds numbers in '${name}' that are not finite: its weights diverged, or are too large for f16. Use an earlier checkpoint, or ` +
        'train with a lower learning rate.',
    );
  }
}

/** The file with its floats as f16. */
function halved(bytes: Uint8Array, source: string): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes, source);
  const narrowed = [...tensors].map(([name, { shape, data }]): [string, TensorInput] => [
    name,
    { shape, data: data instanceof Float32Array ? Uint16Array.from(data, floatToHalf) : data },
  ]);
  return encodeSafetensors(new Map(narrowed), metadata);
}

/** The folder of a model file says more than its name does. */
function titleOf(source: string): string {
  const [file = source, folder] = source.split(/[\\/]/).reverse();
  return /^model\.safetensors$/.test(file) && folder ? folder : file.replace(/\.safetensors$/, '');
}
