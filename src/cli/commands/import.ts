import { type Command, Option } from 'commander';
import { visible } from '../../report/parts/visible.ts';
import { IMPORTED_LOAD_SIZE, type ImportedRun, importWeights } from '../../workflow/import-weights.ts';
import { commandLine } from '../command-line.ts';
import { wrap } from '../failure.ts';
import { listenOnTerminal } from '../listener.ts';
import { addCommonOptions, type CommonFlags, toNumber, withDevice } from '../options.ts';

interface ImportCommandOptions extends CommonFlags {
  generator: string;
  generatorBack?: string;
  discriminatorNormal?: string;
  discriminatorAbnormal?: string;
  out: string;
  loadSize: number;
}

export function addImport(program: Command): void {
  const command = program
    .command('import')
    .description('make a run of weights of the reference CycleGAN: state dicts of PyTorch (.pth), or .safetensors')
    .addOption(new Option('--generator <file>', 'abnormal → normal: G_A where A is abnormal').makeOptionMandatory())
    .option('--generator-back <file>', 'normal → abnormal: G_B')
    .option('--discriminator-normal <file>', 'tells normal images from generated ones: D_A')
    .option('--discriminator-abnormal <file>', 'tells abnormal images from generated ones: D_B')
    .addOption(new Option('--out <run>', 'folder of the run, new or empty').makeOptionMandatory())
    .option(
      '--load-size <number>',
      'side to which images are resized, which weights do not say',
      toNumber,
      IMPORTED_LOAD_SIZE,
    );
  addCommonOptions(command).action(importCommand);
}

async function importCommand(options: ImportCommandOptions): Promise<void> {
  const { generator, generatorBack, discriminatorNormal, discriminatorAbnormal, out, loadSize, quiet } = options;
  const given = { generator, generatorBack, discriminatorNormal, discriminatorAbnormal, out, loadSize };
  const { listener, stop } = listenOnTerminal(quiet ?? false);
  const imported = await withDevice(options, (device) =>
    importWeights({ device, onWarning: listener.onWarning, ...given }),
  ).finally(stop);
  if (!quiet) process.stdout.write(importedText(imported));
}

/** What was imported, what was assumed, what is lacking, and what comes next. */
function importedText({ run, config, networks, absent, lostScores }: ImportedRun): string {
  const { inputNc, blocks, ngf, ndf, nLayersD, loadSize } = config;
  const judges = networks.some(({ name }) => name === 'D_A' || name === 'D_B');
  const sizes = `channels ${inputNc}, blocks ${blocks}, ngf ${ngf}${judges ? `, ndf ${ndf}, layers of the discriminators ${nLayersD}` : ''}`;
  const lines = [
    `Imported: ${visible(run)}`,
    ...networks.map(({ name, file, remarks }) => [`${name} from ${file}.`, ...remarks].join(' ')),
    `From the shapes: ${sizes}.`,
    `Assumed: images are resized to ${loadSize} px a side (--load-size), and their values 0 to 255 become −1 to 1.`,
    ...absent.map(({ is }) => `Not given: ${is}.`),
    ...(lostScores.length > 0
      ? [`So these scores, and the maps that they are of, cannot be made: ${lostScores.join(', ')}.`]
      : []),
    `Next: ${commandLine('cyclops', 'calibrate', run, '--data')} DATA, with images that did not train it`,
  ];
  return `${lines.map((line) => wrap(line)).join('\n')}\n`;
}
