import { type Calibration, decisionOf, requireHeatmap } from '../../anomaly/calibration/calibration.ts';
import { scoresOf } from '../../anomaly/calibration/combined-score.ts';
import { heatmapMaximum } from '../../anomaly/calibration/heatmap-scale.ts';
import { type Model, preprocessing } from '../../anomaly/detector/model-file.ts';
import { requireMap } from '../../anomaly/maps/list.ts';
import { partsOf } from '../../anomaly/scores/list.ts';
import { AbsentNetwork } from '../../cyclegan/absent-network.ts';
import { architectureOf, channelsOfFiles, judgedSizes } from '../../cyclegan/config.ts';
import { absentNetworks } from '../../cyclegan/manifest.ts';
import { SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import { cutToMultiple } from '../../data/images/bank.ts';
import { VERSION } from '../common/versions.ts';
import { GraphBuilder } from './graph.ts';
import { onnxMaps } from './maps.ts';
import { onnxPasses } from './passes.ts';
import { preprocess } from './preprocess.ts';
import type { OnnxModel, Port } from './proto.ts';
import { onnxScore } from './scores.ts';

/** What a model is asked for; each is the calibrated one unless it is given. */
export interface Asked {
  by?: string | undefined;
  threshold?: number | undefined;
  map?: string | undefined;
}

/** What the graph judges by. */
export interface Judging {
  readonly by: string;
  readonly threshold: number;
  readonly map: string;
}

/**
 * All that a detector does with images that it sees whole, as one graph: samples in, and x̂, heat map, score and flag out.
 *
 * @throws CyclopsError for a score or a map that the model does not have, or that cannot be written as ONNX, and for damaged weights;
 * an AbsentNetworkError where one needs a network that was not imported
 */
export function detectorGraph(model: Model, asked: Asked): { onnx: OnnxModel; judging: Judging } {
  const { config, calibration, manifest, source, tensors } = model;
  const { by, threshold } = decisionOf(calibration, asked, source);
  const heat = requireHeatmap(calibration, source, asked.map);
  const map = requireMap(heat.map);
  const absent = absentNetworks(manifest);
  const deciding = scoresOf(calibration, by).filter(({ info }) => info.name === by);
  for (const used of [map, ...partsOf(deciding).map((part) => part.map)]) {
    const lacking = used.networks.find((name) => absent.includes(name));
    if (lacking) throw new AbsentNetwork(lacking).refusal();
  }
  const { width: side } = cutToMultiple({ width: config.loadSize, height: config.loadSize }, SIDE_MULTIPLE);
  const graph = new GraphBuilder();
  const image = graph.input(imagePort(model));
  const value = graph.within('preprocess', () => preprocess(graph, image, config));
  const x = { value, channels: config.inputNc, height: side, width: side };
  const nodes = { graph, weights: { source, tensors } };
  const passes = onnxPasses(nodes, architectureOf(config), x, judgedSizes(config));
  const maps = onnxMaps(passes);
  const score = onnxScore(graph, maps, by, calibration);
  const heatmap = graph.node('Squeeze', [maps.placed(map).value, graph.ints([1])]);
  const isHot = graph.node('Greater', [graph.cast(heatmap, 'f64'), graph.number(heat.threshold)]);
  // Not: at least the threshold, so that a score that is no number is flagged.
  const flagged = graph.node('Not', [graph.node('Less', [score, graph.number(threshold)])]);
  const reconstruction = graph.node('Transpose', [passes.reconstruction().value], { perm: { ints: [0, 2, 3, 1] } });
  const pixels = ['N', side, side] as const;
  graph.output(reconstruction, {
    ...{ name: 'reconstruction', type: 'f32', shape: [...pixels, config.inputNc] },
    doc: 'What the images would look like without defects, x̂ = G_a2n(x), from −1 (black) to 1 (white).',
  });
  graph.output(heatmap, {
    ...{ name: 'heatmap', type: 'f32', shape: pixels },
    doc: `How abnormal each pixel looks: ${map.name}, ${map.formula}. Above ${heat.threshold} it is hot; colours begin at ${heat.floor}.`,
  });
  graph.output(isHot, {
    ...{ name: 'hot', type: 'bool', shape: pixels },
    doc: `Whether a pixel of the heat map is above ${heat.threshold}, as in about one of ten normal images.`,
  });
  graph.output(score, {
    ...{ name: 'score', type: 'f64', shape: ['N'] },
    doc: `The score that decides, ${by}: ${formulaOf(calibration, by)}. Higher means more abnormal.`,
  });
  graph.output(flagged, {
    ...{ name: 'flagged', type: 'bool', shape: ['N'] },
    doc: `Whether the score is at least ${threshold}.`,
  });
  const metadata = {
    channels: `${channelsOfFiles(config)}`,
    size: `${side}`,
    range: config.range === 'full' ? 'full' : `${config.range.min} to ${config.range.max}`,
    preprocessing: preprocessing(config),
    score: by,
    score_formula: formulaOf(calibration, by),
    threshold: `${threshold}`,
    heatmap: map.name,
    heatmap_formula: map.formula,
    heatmap_threshold: `${heat.threshold}`,
    heatmap_floor: `${heat.floor}`,
    heatmap_brightest: `${heatmapMaximum(heat)}`,
    ...(calibration.step !== undefined && { step: `${calibration.step}` }),
    version: VERSION,
  };
  return {
    onnx: {
      version: VERSION,
      doc: 'A Cycle-GAN that finds anomalies in images: samples in; reconstruction, heat map, score and flag out.',
      graph: graph.graph('cyclops'),
      metadata,
    },
    judging: { by, threshold, map: map.name },
  };
}

function imagePort({ config }: Model): Port {
  const { range } = config;
  const channels = channelsOfFiles(config);
  const colours = channels === 1 ? 'gray' : 'RGB';
  const samples =
    range === 'full' ? 'of 8 bits' : `as the file holds them, of which ${range.min} is black and ${range.max} white`;
  return {
    ...{ name: 'image', type: range === 'full' ? 'u8' : 'f32', shape: ['N', 'H', 'W', channels] },
    doc: `Images of one size, whatever it is, row by row, ${colours}: samples ${samples}. All preprocessing is in the graph.`,
  };
}

function formulaOf(calibration: Calibration, by: string): string {
  return scoresOf(calibration, by).find(({ info }) => info.name === by)?.info.formula ?? by;
}
