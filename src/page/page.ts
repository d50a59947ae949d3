import { createHash } from 'node:crypto';
import { CALIBRATION_SOURCES, type Calibration, missesNone, spareIn } from '../anomaly/calibration/calibration.ts';
import type { Model } from '../anomaly/detector/model-file.ts';
import { scoreNamed } from '../anomaly/scores/list.ts';
import { channelsOfFiles } from '../cyclegan/config.ts';
import { formatCount, formatScore } from '../report/parts/format.ts';
import { HEAT_STOPS } from '../report/parts/heatmap.ts';
import { type Html, html, trusted } from '../report/parts/html.ts';
import { STYLE } from '../report/style.ts';
import { PAGE_MARK } from './mark.ts';
import { PAGE_STYLE } from './style.ts';
import { PAGE_SCRIPT } from './texts.ts';

export interface PageContent {
  title: string;
  model: Model;
  /** The file of the model, as the page is to carry it. */
  bytes: Uint8Array;
  /** Whether its weights were rounded to f16. */
  halved: boolean;
}

/**
 * A model as one HTML file that judges images in a browser with WebGPU. It opens from a disk or any static host, and its content security
 * policy forbids it to load or to send anything.
 */
export function renderPage({ title, model, bytes, halved }: PageContent): string {
  const hash = createHash('sha256').update(PAGE_SCRIPT).digest('base64');
  const policy =
    `default-src 'none'; img-src blob: data:; media-src blob: mediastream:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; ` +
    "base-uri 'none'; form-action 'none'";
  return `${PAGE_MARK}${
    html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${trusted(STYLE)}${trusted(PAGE_STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="subtitle">Shows which photographs are abnormal, and where. They stay on this machine: the page sends nothing and loads nothing.</p>
<p id="trouble" class="warning" role="alert" hidden></p>
<section id="intake" aria-label="Images">
<div id="drop">
<p>Drop photographs or folders here, or</p>
<div class="buttons">
<button type="button" id="choose" data-needs-model disabled>Choose photographs</button>
<button type="button" id="choose-folder" data-needs-model disabled>Choose a folder</button>
<button type="button" id="camera" aria-pressed="false" data-needs-model disabled>Camera</button>
</div>
<input type="file" id="files" accept="image/*" multiple hidden>
<input type="file" id="folder" webkitdirectory hidden>
<div id="camera-panel" hidden><video id="video" playsinline muted></video><div class="buttons"><button type="button" id="take">Take a picture</button></div></div>
</div>
<p id="progress" role="status">The model is being opened.</p>
</section>
<div class="toolbar">
<div role="group" aria-label="Which images">${FILTERS.map(([name, words], i) => html`<button type="button" data-filter="${name}" aria-pressed="${i === 0 ? 'true' : 'false'}">${words} <span>0</span></button>`)}</div>
<div><button type="button" id="csv">Download as CSV</button><button type="button" id="clear">Clear</button></div>
</div>
<div class="work">
<div id="list" class="scroll" tabindex="0" role="region" aria-label="List of images">
<table>
<caption>Click on a name, or go through the list with the arrow keys, to look at an image.</caption>
<thead><tr>
${COLUMNS.map(([name, words]) => html`<th scope="col" id="by-${name}"><button type="button">${words}</button></th>`)}
</tr></thead>
<tbody id="rows"></tbody>
</table>
</div>
<figure id="viewer" class="panel" hidden>
<canvas id="picture" role="img" width="1" height="1"></canvas>
<div id="legend" role="img" aria-label="Colours from normal to hottest; the leap marks what is hot" style="background: ${legendGradient()}"></div>
<label>Heat map <input type="range" id="strength" min="0" max="100" value="70" disabled></label>
<figcaption id="caption"></figcaption>
</figure>
</div>
<section aria-labelledby="model-heading">
<h2 id="model-heading">What judges</h2>
${facts(model, halved)}
</section>
</main>
<script id="model" type="text/plain">${trusted(Buffer.from(bytes).toString('base64'))}</script>
<script type="module">${trusted(PAGE_SCRIPT)}</script>
</body>
</html>
`.markup
  }`;
}

const FILTERS = [
  ['all', 'All'],
  ['flagged', 'Flagged'],
  ['passed', 'Passed'],
  ['unlike', 'Unlike the known'],
  ['unreadable', 'Not judged'],
] as const;

const COLUMNS = [
  ['place', 'Picture'],
  ['file', 'File'],
  ['score', 'Score'],
  ['verdict', 'Verdict'],
] as const;

/** The colours of heat maps from the floor to the brightest. */
function legendGradient(): string {
  const stops = HEAT_STOPS.map(({ color, share }) => `rgb(${color.join(' ')}) ${(100 * share).toFixed(1)}%`);
  return `linear-gradient(90deg, ${stops.join(', ')})`;
}

/** What the owner of a threshold has to know of it. */
function facts({ config, calibration, manifest }: Model, halved: boolean): Html {
  const { chosen, chosenOn, counts, heatmap, likeness, scores } = calibration;
  const score = scores[chosen];
  if (!score) throw new Error(`The calibration has no score ${chosen}.`);
  const { caveat } = CALIBRATION_SOURCES[chosenOn];
  const info = scoreNamed(chosen)?.info;
  const rows: [string, Html][] = [
    ['Runs on', html`<span id="adapter">…</span>`],
    [
      'Threshold',
      html`An image is flagged when its score, ${info?.label ?? chosen}, is at least ${formatScore(score.threshold.value)}. ${ruleText(calibration)}`,
    ],
    [
      'Chosen on',
      html`${CALIBRATION_SOURCES[chosenOn].images}: ${formatCount(counts.normal, 'normal image')}, ${formatCount(counts.abnormal, 'abnormal image')}. ${caveat}`,
    ],
    [
      'Heat map',
      heatmap
        ? html`${heatmap.map}; warm colours are above what nine of ten normal images stay below.`
        : html`none: the model is from before heat maps were calibrated.`,
    ],
    [
      'Size',
      html`Images are judged at ${config.loadSize} × ${config.loadSize} px, ${channelsOfFiles(config) === 1 ? 'in gray' : 'in colour'}. ${likeness ? 'An image that is unlike those that set the threshold is marked.' : 'The model does not know what the images that set the threshold looked like, so none is marked as unlike them.'}`,
    ],
    [
      'Made by',
      html`Cyclops ${manifest.versions.cyclops ?? null}${halved ? '; its weights were rounded to 16 bits for this page, which changes scores in their third or fourth digit' : null}.`,
    ],
  ];
  return html`<dl class="facts model-facts">${rows.map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>`;
}

function ruleText({ scores, chosen, rule }: Calibration): string {
  if (scores[chosen]?.threshold.rule === 'given') return 'It was given by hand.';
  const named = {
    zfn: 'It misses no abnormal image of those that chose it (zero false negatives).',
    'max-f1': 'It has the best F1 on the images that chose it.',
    'max-accuracy': 'It has the best accuracy on the images that chose it.',
  };
  if (rule === 'zfn' || rule === 'max-f1' || rule === 'max-accuracy') return named[rule];
  if (missesNone(rule))
    return `${named.zfn} For safety it lies lower than that asks for, as far as it flags no more than a share of ${spareIn(rule)} of the normal ones.`;
  return `It flags at least a share of ${rule.slice('recall='.length)} of the abnormal images that chose it.`;
}
