// Trains on a folder of normal and abnormal images, says how well that tells its test images apart, and looks at them one by one.
// Usage: node workflow.js DATA RUN
import { evaluate, score, train } from '../src/workflow.ts';

const [, , data = 'my-data', out = 'my-run'] = process.argv;
const onWarning = (warning: string) => console.log(warning);

// Twenty steps show that it runs; without steps and sizes of its own the preset `quick` takes half an hour on two cores.
const config = { steps: 20, loadSize: 32, cropSize: 32, ngf: 8, blocks: 1 };
const { calibration } = await train({ data, out, preset: 'tiny', config, onWarning });
console.log(`decides: ${calibration?.chosen}`);

const evaluated = await evaluate({ model: out, data, onWarning });
const best = evaluated?.evaluation.scores.find(({ info }) => info.name === calibration?.chosen);
console.log(`AUROC on images never seen: ${best?.auroc?.toFixed(3)}`);

for await (const result of score({ model: out, images: [`${data}/abnormal`] })) {
  if (result.status === 'unreadable') console.log(`${result.file}: ${result.reason}`);
  else console.log(`${result.file}: ${result.status}, ${result.score.toFixed(3)}`);
}
