import { Command, CommanderError } from 'commander';
import { visibleLines } from '../report/parts/visible.ts';
import { UsageError } from '../workflow/common/usage-error.ts';
import { VERSION } from '../workflow/common/versions.ts';
import { addBench } from './commands/bench.ts';
import { addCalibrate } from './commands/calibrate.ts';
import { addCollect } from './commands/collect.ts';
import { addDemo } from './commands/demo.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEvaluate } from './commands/evaluate.ts';
import { addExport } from './commands/export.ts';
import { addImport } from './commands/import.ts';
import { addKernels } from './commands/kernels.ts';
import { addPage } from './commands/page.ts';
import { addScore } from './commands/score.ts';
import { addServe } from './commands/serve.ts';
import { addSweep } from './commands/sweep.ts';
import { addTrain } from './commands/train.ts';
import { addTranslate } from './commands/translate.ts';
import { addVerify } from './commands/verify.ts';
import { EXIT, reportFailure } from './failure.ts';

/** Every command, with what it does. */
export function commands(): Command {
  const program = new Command('cyclops')
    .description('Train a Cycle-GAN on normal and abnormal images, and find anomalies with it.')
    .version(VERSION)
    // What the shell's patterns give as words may hold any character.
    .configureOutput({ outputError: (text, write) => write(visibleLines(text)) })
    .exitOverride();
  for (const add of [
    addDoctor,
    addTrain,
    addSweep,
    addCalibrate,
    addEvaluate,
    addScore,
    addServe,
    addPage,
    addCollect,
    addTranslate,
    addImport,
    addExport,
    addVerify,
    addBench,
    addKernels,
    addDemo,
  ])
    add(program);
  return program.hook('preAction', (_, command) => requireValues(command));
}

/** An empty word is a variable of the shell that is not set. @throws UsageError naming what has none */
function requireValues(command: Command): void {
  const isEmpty = (value: unknown) => [value].flat().includes('');
  const option = command.options.find((one) => isEmpty(command.getOptionValue(one.attributeName())));
  const argument = command.registeredArguments.find((_, i) => isEmpty(command.processedArgs[i]));
  const empty = option?.long ?? (argument && `<${argument.name()}>`);
  if (empty !== undefined) throw new UsageError(`${empty} is empty. Give it a value, or leave it out.`);
}

/** Runs the command line. @returns the exit code */
export async function run(args: readonly string[], program = commands()): Promise<number> {
  try {
    await program.parseAsync(withHyphens(args), { from: 'user' });
    return Number(process.exitCode ?? EXIT.done);
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure(error);
    // Commander has already said what is wrong; asking for help or the version is no fault.
    const asked = error.code === 'commander.helpDisplayed' || error.code === 'commander.version';
    return asked ? EXIT.done : EXIT.usage;
  }
}

/** Options in the command line's own spelling; what stands behind a `--` is a file and stays as it is. */
function withHyphens(args: readonly string[]): string[] {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return [...args.slice(0, end).map(hyphenated), ...args.slice(end)];
}

/** `--pool_size`, as the reference CycleGAN spells its options, for `--pool-size`. */
function hyphenated(arg: string): string {
  return arg.startsWith('--') ? arg.replace(/^[^=]+/, (name) => name.replaceAll('_', '-')) : arg;
}
