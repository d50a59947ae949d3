import type { Command } from 'commander';
import { EXIT } from '../failure.ts';
import { addKernelOptions, type KernelOptions, withDevice } from '../options.ts';
import { verifyGolden } from '../verify/verify.ts';

export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .description('compare this engine with reference data, case by case')
    .argument('<folder>', 'folder that holds ops/, nets/ or train/');
  addKernelOptions(command).action(async (folder: string, options: KernelOptions) => {
    const print = (line: string) => process.stdout.write(`${line}\n`);
    const { failed } = await withDevice(options, (device) => verifyGolden(device, folder, print));
    if (failed > 0) process.exitCode = EXIT.failed;
  });
}
