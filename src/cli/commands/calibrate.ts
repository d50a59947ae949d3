import { type Command, InvalidArgumentError } from 'commander';
import { parseRule, RULES, type Rule } from '../../anomaly/calibration/calibration.ts';

import { openRun } from '../../cyclegan/run/run-folder.ts';
import { calibrateRun } from '../../workflow/calibrate-run.ts';
import { addTuneOptions, type TuneOptions, toNumber, withDevice } from '../options.ts';
import { calibrationText } from '../text/calibration.ts';

interface CalibrateOptions extends TuneOptions {
  rule: Rule;
  threshold?: number;
  data?: string;
  json?: boolean;
}

export function addCalibrate(program: Command): void {
  const command = program
    .command('calibrate')
    .description('choose score and threshold anew, on the images of a run that calibrate it')
    .argument('<run>', 'folder that train wrote')
    .option('--rule <rule>', `how the threshold is chosen: ${RULES}`, toRule, 'zfn' as const)
    .option('--threshold <number>', 'this threshold for the score that decides, instead of a rule', toNumber)
    .option('--data <folder>', 'where the data folder is now (default: where training found it)')
    .option('--json', 'print the calibration as one JSON object');
  addTuneOptions(command).action(calibrate);
}

async function calibrate(runPath: string, options: CalibrateOptions): Promise<void> {
  const { rule, threshold, data, tune, json, quiet = false } = options;
  const run = openRun(runPath);
  const calibration = await withDevice(options, (device) =>
    calibrateRun(device, { run, rule, threshold, data, quiet, tune }),
  );
  process.stdout.write(json ? `${JSON.stringify(calibration, null, 2)}\n` : calibrationText(calibration));
}

function toRule(text: string): Rule {
  const rule = parseRule(text);
  if (rule) return rule;
  throw new InvalidArgumentError(`Expected ${RULES} or another share in (0, 1] behind recall=.`);
}
