import { mkdirSync } from 'node:fs';
import { join, parse, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { wholeImage } from '../../anomaly/detector/whole-image.ts';
import { noGrad } from '../../autograd/tape.ts';
import { toImage } from '../../cyclegan/tensor-image.ts';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import { fileError } from '../../data/files/fs-error.ts';
import { decodeImage } from '../../data/images/decode.ts';
import { encodePng } from '../../data/images/png.ts';
import { scope } from '../../tensor/scope.ts';
import { openNetworks } from '../../workflow/judge.ts';
import { tuneTranslation } from '../../workflow/tuning.ts';
import { UsageError } from '../failure.ts';
import { addTileOption, addTuneOptions, type TuneOptions, withDevice } from '../options.ts';

interface TranslateOptions extends TuneOptions {
  to: 'normal' | 'abnormal';
  out: string;
  tile?: number;
}

export function addTranslate(program: Command): void {
  const command = program
    .command('translate')
    .description("write what a generator makes of images, as <name>_<to>.png at the run's size")
    .argument('<model>', 'model.safetensors, or the folder that train wrote')
    .argument('<image...>', 'PNG or JPEG files')
    .addOption(
      new Option('--to <domain>', 'what to make of them').choices(['normal', 'abnormal']).makeOptionMandatory(),
    )
    .option('--out <folder>', 'where to write', '.');
  addTileOption(command);
  addTuneOptions(command).action(translate);
}

async function translate(modelPath: string, images: string[], options: TranslateOptions): Promise<void> {
  requireDifferentNames(images);
  const folder = resolve(options.out);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw fileError(error, 'make the folder', folder);
  }
  await withDevice(options, async (device) => {
    const detector = openNetworks(device, modelPath, options.tile);
    const { networks, shown } = detector;
    const generator = options.to === 'normal' ? networks.G_A : networks.G_B;
    await tuneTranslation(detector, generator, options);
    for (const path of images) {
      const x = await wholeImage(device, decodeImage(path), shown);
      const translated = scope(() => noGrad(() => generator.forward(x)));
      const { width, height, channels, pixels } = await toImage(translated);
      translated.dispose();
      x.dispose();
      const target = join(folder, `${parse(path).name}_${options.to}.png`);
      writeFileAtomic(target, encodePng(width, height, channels, pixels));
      if (!options.quiet) process.stdout.write(`${target}\n`);
    }
    detector.dispose();
  });
}

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
