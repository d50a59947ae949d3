import { type Command, Option } from 'commander';
import { PRECISIONS, type Precision } from '../../cyclegan/config.ts';
import { EXIT } from '../failure.ts';
import { addKernelOptions, type KernelFlags, withDevice } from '../options.ts';
import { verifyGolden } from '../verify/verify.ts';

interface VerifyOptions extends KernelFlags {
  precision?: Precision;
}

export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .description('compare this engine with reference data, case by case')
    .argument('<folder>', 'folder that holds ops/, nets/ or train/')
    .addOption(
      new Option(
        '--precision <name>',
        'mixed: one training step in mixed precision; split: training runs whose products are split',
      ).choices(PRECISIONS),
    );
  addKernelOptions(command).action(async (folder: string, options: VerifyOptions) => {
    const print = (line: string) => process.stdout.write(`${line}\n`);
    const { failed } = await withDevice(options, (device) => verifyGolden(device, folder, print, options.precision));
    if (failed > 0) process.exitCode = EXIT.failed;
  });
}
