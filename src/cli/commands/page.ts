import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import { formatBytes } from '../../report/parts/format.ts';
import { visible } from '../../report/parts/visible.ts';
import { requireOutput } from '../../workflow/common/outputs.ts';
import { DETECTOR_PAGE, makePage } from '../../workflow/make-page.ts';

interface PageCommandOptions {
  out: string;
  title?: string;
  f16?: boolean;
}

export function addPage(program: Command): void {
  program
    .command('page')
    .description('write one HTML file with the model inside, which judges photographs in a browser and sends nothing')
    .argument('<model>', 'model.safetensors, or the folder that train wrote')
    .option('--out <file>', 'the page to write', 'detector.html')
    .option('--title <text>', "its heading; by default the name of the model's folder")
    .option('--f16', 'round weights to 16 bits: half the size, scores differ in their third or fourth digit')
    .action(page);
}

async function page(model: string, { out, title, f16 }: PageCommandOptions): Promise<void> {
  requireOutput('--out', out, DETECTOR_PAGE);
  writeFileAtomic(out, await makePage({ model, title, halve: f16 }));
  process.stdout.write(
    `${visible(out)}: ${formatBytes(statSync(out).size)}. Open it in a browser; it needs nothing else.\n`,
  );
}
