import type { Command } from 'commander';
import { exportOnnx } from '../../workflow/export-onnx.ts';
import { MAP_OPTION, toNumber } from '../options.ts';
import { visible } from '../text/visible.ts';

interface ExportCommandOptions {
  onnx: string;
  by?: string;
  threshold?: number;
  map?: string;
  quiet?: boolean;
}

export function addExport(program: Command): void {
  program
    .command('export')
    .description('write a model as a file that other programs run')
    .argument('<model>', 'model.safetensors, or the folder that train wrote')
    .requiredOption(
      '--onnx <file>',
      'an ONNX graph that takes samples of images and gives reconstruction, heat map, score and flag',
    )
    .option(
      '--by <score>',
      'the score that decides, or a map and a pooling such as residual5.top1 (default: the one that calibration chose)',
    )
    .option('--threshold <number>', 'flag from this score on instead of the calibrated threshold', toNumber)
    .option('--map <name>', MAP_OPTION)
    .option('--quiet', 'say nothing but errors')
    .action(exportModel);
}

function exportModel(model: string, { onnx: file, by, threshold, map, quiet }: ExportCommandOptions): void {
  const written = exportOnnx({ model, file, by, threshold, map });
  if (quiet) return;
  const size = (written.bytes / 1e6).toFixed(1);
  process.stdout.write(
    `${visible(file)}: ${size} MB, flags from ${written.by} = ${written.threshold} on, heat map ${written.map}\n`,
  );
}
