import type { Command } from 'commander';
import { visible } from '../../report/parts/visible.ts';
import { UsageError } from '../../workflow/common/usage-error.ts';
import { exportOnnx } from '../../workflow/export-onnx.ts';
import { exportWeights } from '../../workflow/export-weights.ts';
import { wrap } from '../failure.ts';
import { MAP_OPTION, toNumber } from '../options.ts';

interface ExportCommandOptions {
  onnx?: string;
  by?: string;
  threshold?: number;
  map?: string;
  safetensors?: string;
  torch?: string;
  quiet?: boolean;
}

export function addExport(program: Command): void {
  program
    .command('export')
    .description('write a model for other programs: as an ONNX graph, or its networks as files of weights')
    .argument('<model>', 'model.safetensors, or the folder that train or import wrote')
    .option(
      '--onnx <file>',
      'an ONNX graph that takes samples of images and gives reconstruction, heat map, score and flag',
    )
    .option(
      '--by <score>',
      'of the graph: the score that decides, or a map and a pooling such as residual5.top1 (default: the one that calibration chose)',
    )
    .option(
      '--threshold <number>',
      'of the graph: flag from this score on instead of the calibrated threshold',
      toNumber,
    )
    .option('--map <name>', `of the graph: ${MAP_OPTION}`)
    .option('--safetensors <folder>', "a .safetensors of each network, with the reference's names")
    .option(
      '--torch <folder>',
      'a .pth of each network for PyTorch, such as latest_net_G_A.pth, as the reference CycleGAN loads it',
    )
    .option('--quiet', 'say nothing but errors')
    .action(exportModel);
}

function exportModel(model: string, options: ExportCommandOptions): void {
  const { onnx, safetensors, torch, by, threshold, map, quiet = false } = options;
  const asWeights = safetensors !== undefined || torch !== undefined;
  if (onnx === undefined && !asWeights) {
    throw new UsageError(
      'What to write is missing: --onnx FILE, --safetensors FOLDER or --torch FOLDER, or several of them.',
    );
  }
  const ofGraph = Object.entries({ by, threshold, map }).filter(([, value]) => value !== undefined);
  if (onnx === undefined && ofGraph.length > 0) {
    throw new UsageError(
      `${ofGraph.map(([name]) => `--${name}`).join(', ')}: files of weights have none. Give them with --onnx FILE.`,
    );
  }
  const print = (line: string) => {
    if (!quiet) process.stdout.write(`${line}\n`);
  };
  if (onnx !== undefined) {
    const written = exportOnnx({ model, file: onnx, by, threshold, map });
    const size = (written.bytes / 1e6).toFixed(1);
    print(`${visible(onnx)}: ${size} MB, flags from ${written.by} = ${written.threshold} on, heat map ${written.map}`);
  }
  if (asWeights) {
    const { files, remarks } = exportWeights({ model, safetensors, torch });
    if (!quiet) for (const remark of remarks) process.stderr.write(`${wrap(remark)}\n`);
    for (const file of files) print(visible(file));
  }
}
