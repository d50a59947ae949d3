// Judges images by a model that was trained before, and says where each looks most abnormal.
// Usage: node detector.js MODEL IMAGE…
import { readFile } from 'node:fs/promises';
import { Detector } from '../src/detector.ts';

const [, , model = 'my-run/model.safetensors', ...images] = process.argv;

// Once for as long as a program runs: opening it and its first image take half a second, an image after that a tenth of it.
const detector = await Detector.open(model);
console.log(`flagged from ${detector.by} = ${detector.threshold.toFixed(3)} on`);

for (const image of images) {
  const { flagged, score, heatMap } = await detector.score(await readFile(image));
  console.log(`${flagged ? 'flagged' : 'passed'}, ${score.toFixed(3)}`);
  if (!heatMap) continue;
  const { map, values, width } = heatMap;
  const hottest = values.indexOf(Math.max(...values));
  console.log(`most abnormal by ${map} at column ${hottest % width}, row ${Math.floor(hottest / width)}`);
}
detector.dispose();
