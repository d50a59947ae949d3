import { type Command, InvalidArgumentError } from 'commander';
import { DEFAULT_RULE, parseRule, RULES, type Rule } from '../../anomaly/calibration/calibration.ts';
import { visibleLines } from '../../report/parts/visible.ts';
import { calibrate as calibrateWorkflow } from '../../workflow/calibrate.ts';
import { listenOnTerminal } from '../listener.ts';
import { addTuneOptions, type TuneFlags, toNumber, withDevice } from '../options.ts';
import { calibrationText, changeText } from '../text/calibration.ts';

interface CalibrateCommandOptions extends TuneFlags {
  rule?: Rule;
  threshold?: number;
  map?: string;
  data?: string;
  json?: boolean;
}

export function addCalibrate(program: Command): void {
  const command = program
    .command('calibrate')
    .description('choose score, threshold and heat map anew, on the images of a run that calibrate it')
    .argument('<run>', 'folder that train wrote')
    .option(
      '--rule <rule>',
      `how the threshold is chosen: ${RULES} (default: ${DEFAULT_RULE}; of normal images alone max-accuracy)`,
      toRule,
    )
    .option('--threshold <number>', 'this threshold for the score that decides, instead of a rule', toNumber)
    .option('--map <name>', 'heat maps show this map, instead of the one that finds most on these images')
    .option(
      '--data <folder>',
      'where the data folder is now (default: where training found it); of an imported run, whose images choose',
    )
    .option('--json', 'print the calibration as one JSON object');
  addTuneOptions(command).action(calibrate);
}

async function calibrate(run: string, options: CalibrateCommandOptions): Promise<void> {
  const { rule, threshold, map, data, tune, json, quiet = false } = options;
  const { listener, stop } = listenOnTerminal(quiet);
  const { calibration, before } = await withDevice(options, (device) =>
    calibrateWorkflow({ ...listener, device, run, rule, threshold, map, data, tune }),
  ).finally(stop);
  if (!calibration) return;
  if (json) process.stdout.write(`${visibleLines(JSON.stringify(calibration, null, 2))}\n`);
  else process.stdout.write(`${calibrationText(calibration)}${before ? changeText(before, calibration) : ''}`);
}

function toRule(text: string): Rule {
  const rule = parseRule(text);
  if (rule) return rule;
  throw new InvalidArgumentError(
    `Expected ${RULES} or another share: above 0 and below 1 behind zfn+, in (0, 1] behind recall=.`,
  );
}
