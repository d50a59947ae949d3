import type { Command } from 'commander';
import { exportWeights } from '../../workflow/export-weights.ts';
import { wrap } from '../failure.ts';
import { visible } from '../text/visible.ts';

interface ExportCommandOptions {
  safetensors?: string;
  torch?: string;
  quiet?: boolean;
}

export function addExport(program: Command): void {
  program
    .command('export')
    .description('write the networks of a model for other programs')
    .argument('<model>', 'model.safetensors, or the folder that train or import wrote')
    .option('--safetensors <folder>', "a .safetensors of each network, with the reference's names")
    .option(
      '--torch <folder>',
      'a .pth of each network for PyTorch, such as latest_net_G_A.pth, as the reference CycleGAN loads it',
    )
    .option('--quiet', 'say nothing but errors')
    .action(exportCommand);
}

function exportCommand(model: string, { safetensors, torch, quiet = false }: ExportCommandOptions): void {
  const { files, remarks } = exportWeights({ model, safetensors, torch });
  if (quiet) return;
  for (const remark of remarks) process.stderr.write(`${wrap(remark)}\n`);
  for (const file of files) process.stdout.write(`${visible(file)}\n`);
}
