import { AbsentNetwork } from '../../cyclegan/absent-network.ts';
import type { Networks } from '../../cyclegan/network-set.ts';
import { isSegmenting } from '../../cyclegan/unet-discriminator.ts';
import { canBeMade, layersOfDn, mapNamed, type WithLayers } from '../maps/list.ts';
import { dnPixels, dnPixelsChange } from '../maps/logits.ts';
import { isPoolingName, POOLINGS } from './poolings.ts';
import { type PooledMap, type Score, type ScoreInfo, spelled } from './score.ts';

/** Keeps a quotient finite where G_n2a returns the image itself. */
export const SMALLEST = 1e-12;

/** Scores with a name of their own, in the order of reports; the paper's first. */
const NAMED: readonly Score[] = [
  // Bougaham et al., "Industrial and Medical Anomaly Detection Through Cycle-Consistent Adversarial Networks".
  papers(pooled('squared_error.sum', 'sse', 'squared error', 'Σ (x − G_a2n(x))²')),
  pooled('residual.mean', 'l1', 'absolute error', 'mean |x − G_a2n(x)|'),
  // Counts what is very wrong, however little of the image it is, and forgives what is a little wrong everywhere.
  madeOf(
    ['eighth_power.mean'],
    { name: 'l8', label: 'eighth-power error', formula: '(mean (x − G_a2n(x))⁸)^⅛' },
    ([mean = Number.NaN]) => mean ** (1 / 8),
  ),
  // For images in black and white, whose edges a blur would bring in.
  pooled('residual.max', 'max', 'largest difference', 'max |x − G_a2n(x)| of a pixel'),
  // Finds what is small, where a mean over the image drowns it.
  pooled('residual5.max', 'blurmax', 'blurred maximum', 'max of |x − G_a2n(x)| blurred 5 × 5'),
  // Neither a scratch nor a stain has to fit one window. Scale space: Lindeberg, "Feature Detection with Automatic Scale Selection",
  // 1998, with boxes and without selection.
  madeOf(
    ['residual3.max', 'residual5.max', 'residual9.max', 'residual17.max'],
    {
      name: 'blurmax_ms',
      label: 'multi-scale blurred maximum',
      formula: 'mean over b = 3, 5, 9, 17 of max of |x − G_a2n(x)| blurred b × b',
    },
    (maxima) => maxima.reduce((sum, max) => sum + max, 0) / maxima.length,
  ),
  pooled('excess3.max', 'excess', 'largest excess', 'max |d blurred 3 × 3 − mean d|, d = x − G_a2n(x)'),
  pooled('dark5.max', 'darkmax', 'darker than normal', 'max of G_a2n(x) − x blurred 5 × 5'),
  pooled('bright5.max', 'brightmax', 'brighter than normal', 'max of x − G_a2n(x) blurred 5 × 5'),
  pooled('ssim.mean', 'ssim', 'structural dissimilarity', '1 − SSIM(x, G_a2n(x))'),
  pooled(
    'ssim.max',
    'ssim_min',
    'largest structural dissimilarity',
    '1 − min over 11 × 11 windows of SSIM(x, G_a2n(x))',
  ),
  pooled('features.mean', 'features', 'feature error', 'mean (f(x) − f(G_a2n(x)))², f the last hidden layer of D_n'),
  pooled('cycle.mean', 'cycle', 'cycle residual', 'mean |x − G_n2a(G_a2n(x))|'),
  pooled('dn.mean', 'dn', 'normal discriminator', '−mean D_n(x)'),
  pooled('dn.max', 'dn_max', 'least normal patch', '−min over patches of D_n(x)'),
  pooled('da_dn.mean', 'da_dn', 'discriminator difference', 'mean D_a(x) − mean D_n(x)'),
  pooled('da_dn.max', 'da_dn_max', 'largest discriminator difference', 'max over patches of D_a(x) − D_n(x)'),
  // How far the image is from normal, in units of how far it is from abnormal.
  madeOf(
    ['squared_error.sum', 'squared_error_abnormal.sum'],
    { name: 'ratio', label: 'distance ratio', formula: '|x − G_a2n(x)|² / |x − G_n2a(x)|²' },
    ([normal = Number.NaN, abnormal = Number.NaN]) => normal / Math.max(abnormal, SMALLEST),
  ),
];

/** Those of the hottest places, which find what is small and do not hang on a single pixel. */
const HOTTEST = [
  ...['excess3.top5', 'excess5.top1', 'residual5.top1', 'contrast.top1', 'features_residual.top1'],
  ...['dn.top1', 'da_dn.top1'],
];

/** The maps of a segmenter, pooled for defects of every size. */
export const PIXEL_MAPS: readonly string[] = [dnPixels.name, dnPixelsChange.name];
const OF_PIXELS = PIXEL_MAPS.flatMap((name) =>
  ['top1', 'top01', 'top5', 'max', 'mean'].map((pooling) => `${name}.${pooling}`),
);

/** Whether a score is one of what a segmenter says of pixels, by this map where one is given. */
export function isOfPixels(score: string, map?: string): boolean {
  return OF_PIXELS.includes(score) && (map === undefined || score.startsWith(`${map}.`));
}

/** Whether it is one of them over more than the hottest hundredth of an image, of which most may be no defect. */
export function isOfManyPixels(score: string): boolean {
  return isOfPixels(score) && !['max', 'top01', 'top1'].some((pooling) => score.endsWith(`.${pooling}`));
}

/** Every score that calibration tries on these networks, in the order of reports; none that needs an absent one. */
export function scoresFor(networks: WithLayers): Score[] {
  const layers = layersOfDn(networks);
  // The last layer's mean is the score `features`.
  const means = layers.slice(0, -1).map(({ name }) => `${name}.mean`);
  const hottest = layers.map(({ name }) => `${name}.top1`);
  const ofPixels = isSegmenting(networks.D_A) ? OF_PIXELS : [];
  const tried = [...NAMED, ...[...HOTTEST, ...means, ...hottest, ...ofPixels].map((name) => ofPart(partOf(name)))];
  return tried.filter(({ parts }) => parts.every(({ map }) => canBeMade(map, networks)));
}

/** @throws AbsentNetworkError when one of the scores needs a network that is not there */
export function requireNetworks(scores: readonly Score[], networks: Networks): void {
  for (const { map } of partsOf(scores)) {
    for (const name of map.networks) {
      const network = networks[name];
      if (network instanceof AbsentNetwork) throw network.refusal();
    }
  }
}

/** The score of a short name such as `blurmax`, or of a map and a pooling such as `excess3.top5`; undefined for none. */
export function scoreNamed(name: string): Score | undefined {
  const part = partNamed(name);
  const short = NAMED.find(({ info, pools }) => info.name === name || (pools && spelled(pools) === name));
  return short ?? (part && ofPart(part));
}

/** What to compute for scores: each pooled map once. */
export function partsOf(scores: readonly Score[]): PooledMap[] {
  return [...new Map(scores.flatMap(({ parts }) => parts.map((part) => [spelled(part), part]))).values()];
}

/** Scores of an image by name. @param values of pooled maps, by their long names */
export function computeScores(values: ReadonlyMap<string, number>, scores: readonly Score[]): Record<string, number> {
  return Object.fromEntries(
    scores.map(({ info, parts, compute }) => [
      info.name,
      compute(parts.map((part) => values.get(spelled(part)) ?? Number.NaN)),
    ]),
  );
}

function partNamed(name: string): PooledMap | undefined {
  const [mapName = '', pooling = '', ...rest] = name.split('.');
  const map = mapNamed(mapName);
  return map && isPoolingName(pooling) && rest.length === 0 ? { map, pooling } : undefined;
}

/** That of a name in this file. */
function partOf(name: string): PooledMap {
  const part = partNamed(name);
  if (part) return part;
  throw new RangeError(`There is no map and pooling ${name}.`);
}

/** A score without a short name. */
function ofPart(part: PooledMap): Score {
  const label = `${POOLINGS[part.pooling].label} ${part.map.label}`;
  return pooled(spelled(part), spelled(part), label, `${POOLINGS[part.pooling].label} ${part.map.formula}`);
}

/** A score that is a map and a pooling. @param long its long name */
function pooled(long: string, name: string, label: string, formula: string): Score {
  const part = partOf(long);
  return {
    info: { name, label, formula, paper: false },
    ...{ pools: part, parts: [part] },
    compute: ([value = Number.NaN]) => value,
  };
}

/** A score that is made of pooled maps. @param parts their long names */
function madeOf(parts: readonly string[], info: Omit<ScoreInfo, 'paper'>, compute: Score['compute']): Score {
  return { info: { ...info, paper: false }, pools: null, parts: parts.map(partOf), compute };
}

function papers(score: Score): Score {
  return { ...score, info: { ...score.info, paper: true } };
}
