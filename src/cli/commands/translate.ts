import { basename, join, parse, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { writeFileAtomicAsync } from '../../data/files/atomic.ts';
import { makeFolder } from '../../data/files/make-folder.ts';
import { removeOldRemains } from '../../data/files/remains.ts';
import { encodePngAsync, isSignedPng, signPng } from '../../data/images/png.ts';
import { visible } from '../../report/parts/visible.ts';
import { type OutputKind, requireFree, requireNoInput, requireNoPictures } from '../../workflow/common/outputs.ts';
import { UsageError } from '../../workflow/common/usage-error.ts';
import { doneBehind } from '../../workflow/images/behind.ts';
import { type Translation, translate as translateWorkflow } from '../../workflow/translate.ts';
import { tellUnreadable, unreadableError } from '../conclude-scoring.ts';
import { listenOnTerminal } from '../listener.ts';
import { addTileOption, addTuneOptions, type TuneFlags, withDevice } from '../options.ts';

interface TranslateCommandOptions extends TuneFlags {
  to: 'normal' | 'abnormal';
  out: string;
  tile?: number;
  skipBroken?: boolean;
}

export function addTranslate(program: Command): void {
  const command = program
    .command('translate')
    .description("write what a generator makes of images, as <name>_<to>.png at the run's size")
    .argument('<model>', 'model.safetensors, or the folder that train wrote')
    .argument('<image...>', 'image files')
    .addOption(
      new Option('--to <domain>', 'what to make of them').choices(['normal', 'abnormal']).makeOptionMandatory(),
    )
    .option('--out <folder>', 'where to write', '.')
    .option('--skip-broken', 'do not fail when images cannot be read; they are named either way');
  addTileOption(command);
  addTuneOptions(command).action(translate);
}

async function translate(model: string, images: string[], options: TranslateCommandOptions): Promise<void> {
  const folder = resolve(options.out);
  const { to, tile, tune, skipBroken = false } = options;
  const target = (path: string) => join(folder, `${parse(path).name}_${to}.png`);
  requireDifferentNames(images);
  requireNoPictures('--out', folder);
  for (const path of images) {
    requireNoInput('--out', target(path), images);
    requireFree('--out', target(path), TRANSLATION);
  }
  makeFolder(folder);
  const own = new Set(images.map((path) => basename(target(path))));
  removeOldRemains(folder, (file) => own.has(file));
  const { listener, stop } = listenOnTerminal(options.quiet ?? false);
  const write = async (made: Translation) => {
    const { width, height, channels, pixels } = made.image;
    await writeFileAtomicAsync(target(made.path), signPng(await encodePngAsync(width, height, channels, pixels)));
  };
  let broken = 0;
  const onBroken = (_: string, reason: string) => {
    broken += 1;
    tellUnreadable(reason);
  };
  await withDevice(options, async (device) => {
    const translations = translateWorkflow({ ...listener, device, model, images, to, tile, tune, onBroken });
    // Made ready to be compressed, a picture is there twice.
    const behind = { work: write, bytesOf: ({ image }: Translation) => 2 * image.pixels.byteLength };
    for await (const made of doneBehind(translations, behind))
      if (!options.quiet) process.stdout.write(`${visible(target(made.path))}\n`);
  }).finally(stop);
  if (broken > 0 && !(skipBroken && broken < images.length))
    throw unreadableError(broken, images.length, skipBroken, 'translated');
}

const TRANSLATION: OutputKind = { what: 'a translation', isOwn: isSignedPng, picture: '.png' };

/** @throws UsageError when two images would be written under one name */
function requireDifferentNames(images: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const path of images) {
    const { name } = parse(path);
    const other = seen.get(name);
    if (other !== undefined) {
      throw new UsageError(
        `${other} and ${path} would both be written as ${name}_…png. Translate them one after the other, into two folders.`,
      );
    }
    seen.set(name, path);
  }
}
