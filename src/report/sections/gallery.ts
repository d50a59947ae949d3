import { BRIGHTEST } from '../../anomaly/calibration/heatmap-scale.ts';
import type { Evaluation, JudgedImage } from '../../anomaly/evaluation/evaluation.ts';
import { formatBytes, formatPercent, formatScore } from '../parts/format.ts';
import { HEAT_STOPS } from '../parts/heatmap.ts';
import { type Html, html } from '../parts/html.ts';
import type { PictureCounts, PicturesReport } from '../parts/kept-pictures.ts';
import type { Picture, Pictures, ReportPictures } from '../parts/pictures.ts';
import type { Report } from '../parts/report.ts';

/** Every judged image with its pictures, worst misses first, with filters and sorting for the page's script; one piece for each image. */
export function* gallerySection(report: Report, pictures: ReportPictures): Generator<Html> {
  const { evaluation, heatmap } = report;
  const types = typesOf(evaluation);
  yield html`${colourBar(heatmap)}
${picturesNote(report.pictures)}
${toolbar(evaluation, types)}
<div class="gallery">`;
  for (const image of worstFirst(evaluation)) yield card(image, evaluation, types, pictures.get(image.file));
  yield html`</div>
<dialog aria-label="Enlarged image"><div class="stage"></div><div class="controls"><button type="button" data-move="-1">← previous</button><button type="button" data-move="1">next →</button><button type="button" data-close>close</button></div></dialog>`;
}

/** Missed images, the lowest score first; then false alarms, then all others, the highest score first. */
function worstFirst({ images, chosen }: Evaluation): JudgedImage[] {
  const place = ({ verdict }: JudgedImage) => (verdict === 'missed' ? 0 : verdict === 'false alarm' ? 1 : 2);
  const score = (image: JudgedImage) => image.scores[chosen.score] ?? 0;
  return images.toSorted(
    (a, b) => place(a) - place(b) || (a.verdict === 'missed' ? score(a) - score(b) : score(b) - score(a)),
  );
}

/** The filters and how many images each shows. `data-states` of a card holds the names of those it passes. */
function states(image: JudgedImage, types: readonly string[]): string[] {
  return [
    'all',
    image.verdict === 'missed' ? 'missed' : '',
    image.verdict === 'false alarm' ? 'false-alarm' : '',
    image.flagged ? 'flagged' : 'passed',
    image.label ?? '',
    image.type === undefined ? '' : `type-${types.indexOf(image.type)}`,
  ].filter((state) => state !== '');
}

/** The kinds of defect of abnormal images, by name. */
function typesOf({ images }: Evaluation): string[] {
  return [...new Set(images.flatMap(({ label, type }) => (label === 'abnormal' ? (type ?? []) : [])))].sort();
}

function toolbar(evaluation: Evaluation, types: readonly string[]): Html {
  const filters = { all: 'All', missed: 'Missed', 'false-alarm': 'False alarms', flagged: 'Flagged', passed: 'Passed' };
  const classes = { normal: 'Normal', abnormal: 'Abnormal' };
  const known = evaluation.images.map((image) => states(image, types));
  const kinds = Object.fromEntries(types.map((type, index) => [`type-${index}`, type]));
  const buttons = Object.entries({ ...filters, ...classes, ...kinds }).map(([state, name]) => {
    const count = known.filter((list) => list.includes(state)).length;
    return html`<button type="button" data-filter="${state}" aria-pressed="${String(state === 'all')}"${count === 0 ? html` disabled` : null}>${name} <span>${count}</span></button>`;
  });
  const options = evaluation.scores.map(({ info }, index) => html`<option value="${index}">${info.label}</option>`);
  return html`<div class="toolbar" hidden><div role="group" aria-label="Show">${buttons}</div>
<div><label>Sort by <select data-sort><option value="worst">worst first</option>${options}<option value="file">file name</option></select></label><button type="button" data-reverse aria-pressed="false" title="Reverse the order">⇅ reverse</button></div>
<p class="count" role="status"></p></div>`;
}

function card(
  image: JudgedImage,
  evaluation: Evaluation,
  types: readonly string[],
  pictures: Pictures | undefined,
): Html {
  const decisive = image.scores[evaluation.chosen.score] ?? null;
  const scores = evaluation.scores.map(({ info }) => image.scores[info.name] ?? 0);
  const kind = image.verdict === null ? '' : image.verdict.replace(' ', '-');
  return html`
<article class="card ${kind}" data-states="${states(image, types).join(' ')}" data-scores="${scores.join(' ')}" data-file="${image.file}">
<div class="head"><h3 class="file">${image.file}</h3><button type="button" data-enlarge hidden aria-label="Enlarge ${image.file}">⤢</button></div>
${pictures ? strip(image, pictures) : html`<p class="note">Its pictures are left out.</p>`}
<p class="verdict">${verdictBadge(image)}<span class="badge ${image.label ?? ''}">${image.label ?? 'unlabelled'}${image.type === undefined ? '' : `: ${image.type}`}</span><span class="decision"><strong>${formatScore(decisive)}</strong> ${image.flagged ? '≥' : '<'} ${formatScore(image.threshold)} · ${image.flagged ? 'flagged' : 'passed'}</span></p>
<details><summary>All scores</summary><dl class="facts">${evaluation.scores.map(
    ({ info }) => html`<div><dt>${info.label}</dt><dd>${formatScore(image.scores[info.name] ?? null)}</dd></div>`,
  )}</dl></details>
</article>`;
}

function verdictBadge(image: JudgedImage): Html {
  if (image.verdict === null) return html`<span class="badge">${image.flagged ? 'flagged' : 'passed'}</span>`;
  return html`<span class="badge ${image.verdict.replace(' ', '-')}">${image.verdict}</span>`;
}

function strip(image: JudgedImage, pictures: Pictures): Html {
  const { file } = image;
  const figures = [
    ...(pictures.photograph ? [figure(pictures.photograph, html`image`, `Image ${file}`)] : []),
    figure(
      pictures.input,
      pictures.photograph ? html`x, evened out` : html`image x`,
      pictures.photograph ? `${file}, evened out, as the networks see it` : `Image ${file}`,
    ),
    figure(pictures.reconstruction, html`x̂ = G<sub>a2n</sub>(x)`, `Reconstruction of ${file} as a normal image`),
    figure(pictures.heatmap, html`heat map`, `Heat map of ${file}: where it looks abnormal`),
    ...(pictures.mask ? [figure(pictures.mask, html`true mask`, `Mask of the real defect in ${file}`)] : []),
  ];
  return html`<div class="strip">${figures}</div>`;
}

function figure({ type, width, height, bytes }: Picture, caption: Html, description: string): Html {
  return html`<figure><img src="data:${type};base64,${Buffer.from(bytes).toString('base64')}" width="${width}" height="${height}" alt="${description}" decoding="async"><figcaption>${caption}</figcaption></figure>`;
}

function colourBar(heatmap: Report['heatmap']): Html {
  const stops = HEAT_STOPS.map(({ color, share }) => `rgb(${color.join(' ')}) ${(100 * share).toFixed(1)}%`);
  const { floor, threshold } = heatmap;
  const values = Array.from({ length: BRIGHTEST + 1 }, (_, i) => floor + i * (threshold - floor));
  return html`<figure class="colour-bar"><div class="bar" role="img" aria-label="Colours of the heat maps from ${formatScore(floor)}, dark, to ${formatScore(heatmap.max)} and above, bright; warm above the threshold, ${formatScore(threshold)}" style="background:linear-gradient(90deg,${stops.join(',')})"></div>
<div class="values">${values.map((value, i) => html`<span>${i === values.length - 1 ? '≥ ' : ''}${formatScore(value)}${i === 1 ? ' = threshold' : ''}</span>`)}</div>
<figcaption>Heat map <code>${heatmap.map}</code> = ${heatmap.formula}. Warm colours: above the threshold that ${formatPercent(1 - heatmap.expectedShare)} of normal images like those which calibrated keep below everywhere, on average. One scale for all images, so a good image stays cold.</figcaption></figure>`;
}

/** Says which images have no pictures; null when all have some. */
function picturesNote({ budget, kept, leftOut }: PicturesReport): Html | null {
  if (leftOut.missed + leftOut.falseAlarms + leftOut.others === 0) return null;
  const of = (kind: keyof PictureCounts, name: string) => `${kept[kind]} of ${kept[kind] + leftOut[kind]} ${name}`;
  return html`<p class="note">Pictures of ${of('missed', 'missed images')}, of ${of('falseAlarms', 'false alarms')} and of ${of('others', 'others')}, evenly spread: all of them may take ${formatBytes(budget)} of this page, which <code>--pictures</code> sets.</p>`;
}
