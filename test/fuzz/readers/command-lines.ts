import { commands, run } from '../../../src/cli/program.ts';
import { type Reader, requireFact } from '../reader.ts';
import { scratch } from '../scratch.ts';

/** Words of a command line, as a process is given them. */
const line = (...words: string[]) => new TextEncoder().encode(words.join('\0'));

const LINES = [
  line('train', 'no-data', '--out', 'run', '--preset', 'quick', '--steps', '3', '--lr', '1e-3', '--range', '0,4095'),
  line('train', 'no-data', '--out=run', '--folds', '3', '--shard', '1/2', '--group-by', '^(.*)_', '--no-flip'),
  line('train', 'no-data', '--out', 'run', '--resume', '--netG', 'resnet_6blocks', '--lambda_A', '5', '--seed', '7'),
  line('calibrate', 'no-run', '--data', 'no-data', '--rule', 'zfn', '--skip-broken'),
  line('evaluate', 'no-run', 'no-data', '--report', 'report.html', '--pictures', '1e6', '--by', 'residual3.top5'),
  line('score', 'no-model', 'no-images', '--csv', 'a.csv', '--heatmaps', 'heat', '--threshold', '0.5', '--json'),
  line('score', 'no-model', 'no-images', '--by', 'sse', '--map', 'excess3', '--tile', '64', '--fail-on-anomaly'),
  line('serve', 'no-model', '--port', '8080', '--host', '127.0.0.1'),
  line('export', 'no-run', '--onnx', 'a.onnx', '--torch', 'weights'),
  line('import', 'no-file', '--out', 'run', '--normal-is', 'B'),
  line('page', 'no-run', '--out', 'a.html', '--f16'),
  line('collect', 'no-job', '--csv', 'all.csv'),
  line('sweep', 'no.json', '--out', 'sweep', '--shard', '2/4'),
  line('translate', 'no-run', 'no-images', '--out', 'pictures'),
  line('bench', 'step', '--seconds', '1', '--batch', '2', '--json', 'a.json'),
  line('verify', 'no-golden', '--only', 'ops'),
  line('kernels', 'conv2d', '--text'),
  line('doctor', '--json'),
  line('demo', '--out', 'demo', '--no-tune'),
];

/** Those that work without a file of the user. Of them only the options are read here. */
const BUSY = ['bench', 'demo', 'doctor', 'kernels', 'verify'];

function program() {
  const all = commands();
  const silence = (command: typeof all): void => {
    for (const inner of command.commands) silence(inner);
    if (command.commands.length === 0) command.action(() => {});
  };
  for (const command of all.commands) if (BUSY.includes(command.name())) silence(command);
  return all;
}

/** What a person types, or a script puts together. */
export const commandLines: Reader = {
  name: 'command-lines',
  weight: 2,
  seeds: () => LINES,
  async read(input) {
    process.chdir(scratch());
    const printed: string[] = [];
    const { stdout, stderr } = process;
    const writes = [stdout, stderr].map((stream) => {
      const { write } = stream;
      stream.write = (text: string | Uint8Array) => {
        printed.push(String(text));
        return true;
      };
      return () => {
        stream.write = write;
      };
    });
    process.exitCode = undefined;
    const code = await run(new TextDecoder().decode(input).split('\0'), program()).finally(() => {
      for (const restore of writes) restore();
      process.exitCode = undefined;
    });
    const said = printed.join('');
    requireFact(code === 0 || code === 1 || code === 2, `it ended with ${code}`);
    requireFact(!/fault of the program|\[object |\n\s+at .+:\d+:\d+/.test(said), `it said: ${said.slice(0, 600)}`);
    requireFact(code === 0 || said.trim() !== '', `it ended with ${code} and said nothing`);
  },
};
