// The charts of the score that the reader picks, and of every loss.
import { precisionRecall, roc } from './curves.js';
import { histogram } from './histogram.js';
import { axis, BELOW, BESIDE, colour, data, digits, show, shown } from './plot.js';

const DRAW = { histogram, roc, 'precision-recall': precisionRecall };
/** @type {HTMLSelectElement | null} */
const picker = document.querySelector('[data-score]');

function drawScore() {
  const score = data.scores[picker?.value ?? ''];
  for (const [name, draw] of Object.entries(DRAW)) {
    const place = document.querySelector(`[data-chart="${name}"]`);
    if (!place || !score) continue;
    draw(place, score);
    place.setAttribute('aria-label', score.described[/** @type {keyof typeof DRAW} */ (name)]);
  }
}

/** @param {Element} place @param {import('../parts/loss-curves.ts').LossCurve} loss */
function loss(place, { steps, mean, low, high }) {
  const faint = { label: '', value: shown(digits), points: { show: false }, width: 0 };
  show(
    place,
    {
      scales: { x: { time: false } },
      axes: [axis('step', BELOW), axis('loss', BESIDE)],
      series: [
        { label: 'step', value: shown((step) => (step === null ? '–' : String(Math.round(step)))) },
        { ...faint, label: 'mean', stroke: () => colour('accent'), width: 2 },
        { ...faint, label: 'lowest' },
        { ...faint, label: 'highest' },
      ],
      bands: [{ series: [3, 2], fill: () => `${colour('accent')}22` }],
      cursor: { sync: { key: 'losses' } },
    },
    [steps, mean, low, high],
  );
}

picker?.addEventListener('change', drawScore);
drawScore();
data.losses.forEach((curve, index) => {
  const place = document.querySelector(`[data-loss="${index}"]`);
  if (place) loss(place, curve);
});
