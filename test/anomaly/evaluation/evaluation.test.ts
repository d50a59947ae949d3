import { describe, expect, it } from 'vitest';
import {
  type Choice,
  parseCalibration,
  parseRule,
  type Rule,
  withThreshold,
} from '../../../src/anomaly/calibration/calibration.ts';
import { chooseThresholds } from '../../../src/anomaly/calibration/thresholds.ts';
import { evaluationJson, summarise } from '../../../src/anomaly/evaluation/evaluation.ts';
import { evaluationCsv } from '../../../src/anomaly/evaluation/evaluation-csv.ts';
import type { ScoreInfo } from '../../../src/anomaly/scores/score.ts';
import type { ScoredImage } from '../../../src/anomaly/scores/scored-image.ts';
import type { Label } from '../../../src/data/datasets/dataset.ts';
import { CyclopsError } from '../../../src/gpu/errors.ts';

const infos: ScoreInfo[] = [
  { name: 'sse', label: 'squared error', formula: 'Σ (x − x̂)²', paper: true },
  { name: 'dn', label: 'normal discriminator', formula: '−D_n(x)', paper: false },
];

function image(file: string, label: Label | null, sse: number, dn: number): ScoredImage {
  return { file, label, scores: { sse, dn } };
}

// On the calibration part dn separates (AUROC 1) and sse does not (3 of 4 pairs); its ZFN thresholds lie below 2 and 0.5, halfway to the next score.
const calibrating = [
  image('n1', 'normal', 1, 0.1),
  image('n2', 'normal', 3, 0.2),
  image('a1', 'abnormal', 2, 0.5),
  image('a2', 'abnormal', 4, 0.9),
];
const choice: Choice = { rule: 'zfn', chosenOn: 'calibration', dataHash: 'abc' };
const calibration = chooseThresholds(calibrating, infos, choice);

// On the test part it is the other way round: sse separates and dn misses one and raises one false alarm.
const test = [
  image('normal/1.png', 'normal', 1, 0.1),
  image('normal/2.png', 'normal', 1.5, 0.6),
  image('normal/3.png', 'normal', 1.2, 0.3),
  image('abnormal/1.png', 'abnormal', 5, 0.5),
  image('abnormal/2.png', 'abnormal', 6, 0.32),
];

describe('chooseThresholds', () => {
  it('takes the score with the highest AUROC, and for each a threshold halfway from its smallest abnormal score to the next lower one', () => {
    expect(calibration).toEqual({
      ...choice,
      chosen: 'dn',
      counts: { normal: 2, abnormal: 2 },
      scores: {
        sse: { auroc: 0.75, threshold: { value: 1.5, rule: 'zfn', chosenOn: 'calibration' } },
        dn: { auroc: 1, threshold: { value: 0.35, rule: 'zfn', chosenOn: 'calibration' } },
      },
      tradeOff: {
        points: [{ threshold: 0.35, missed: 0, falseAlarms: 0 }],
        present: { threshold: 0.35, missed: 0, falseAlarms: 0 },
      },
      objects: { normal: 2, abnormal: 2 },
      combination: null,
      baseline: null,
    });
  });

  it('counts images of one group as one object', () => {
    const twins = calibrating.map((entry) => (entry.label === 'abnormal' ? { ...entry, group: 'twins' } : entry));
    const { counts, objects } = chooseThresholds(twins, infos, choice);
    expect([counts, objects]).toEqual([
      { normal: 2, abnormal: 2 },
      { normal: 2, abnormal: 1 },
    ]);
  });

  it('takes the first of equally good scores', () => {
    const equal = calibrating.map((entry) => ({
      ...entry,
      scores: { sse: entry.scores.dn ?? 0, dn: entry.scores.dn ?? 0 },
    }));
    expect(chooseThresholds(equal, infos, choice).chosen).toBe('sse');
  });

  it('says how many images of each class there are when one is empty', () => {
    expect(() => chooseThresholds(calibrating.slice(0, 2), infos, choice)).toThrow(/2 normal and 0 abnormal/);
  });

  it.each<[Rule, number, number]>([
    // sse from the top: a2 4, n2 3, a1 2, n1 1. F1 after each: 2/3, 1/2, 4/5, 2/3; right: 3, 2, 3, 2 of 4.
    ['max-f1', 1.5, 0.35],
    ['max-accuracy', 1.5, 0.35],
    ['recall=0.5', 3.5, 0.7],
    ['recall=0.51', 1.5, 0.35],
    // Half of two normal images may be flagged for safety: of sse, where n2 is flagged anyway, and of dn, where none is. A tenth is none.
    ['zfn+0.5', 1.5, 0.15000000000000002],
    ['zfn+0.1', 1.5, 0.35],
  ])('by the rule %s takes %f for sse and %f for dn', (rule, sse, dn) => {
    const { scores } = chooseThresholds(calibrating, infos, { ...choice, rule });
    expect(scores.sse?.threshold).toEqual({ value: sse, rule, chosenOn: 'calibration' });
    expect(scores.dn?.threshold.value).toBe(dn);
  });

  it('flags for safety as many normal images as it may, those of one score together or not at all', () => {
    const of = (normal: number[], abnormal: number[], rule: Rule) => {
      const images = [
        ...normal.map((score, i) => image(`n${i}`, 'normal', score, score)),
        ...abnormal.map((score, i) => image(`a${i}`, 'abnormal', score, score)),
      ];
      const value = chooseThresholds(images, infos, { ...choice, rule }).scores.sse?.threshold.value ?? Number.NaN;
      return normal.filter((score) => score >= value).length;
    };
    const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect([of(ten, [20, 30], 'zfn'), of(ten, [20, 30], 'zfn+0.1'), of(ten, [20, 30], 'zfn+0.29')]).toEqual([0, 1, 2]);
    expect(of(ten.slice(1), [20, 30], 'zfn+0.1')).toBe(0);
    expect([of(ten, [7.5, 30], 'zfn+0.1'), of(ten, [7.5, 30], 'zfn+0.9')]).toEqual([3, 9]);
    const same = ten.map(() => 1);
    expect([of(same, [20, 30], 'zfn+0.5'), of([1, 2, 3, 3, 4], [20, 30], 'zfn+0.4')]).toEqual([0, 1]);
  });

  it('reads rules, and no others', () => {
    expect(['zfn', 'zfn+0.10', 'max-f1', 'max-accuracy', 'recall=0.990', 'recall=1'].map(parseRule)).toEqual([
      ...['zfn', 'zfn+0.1', 'max-f1', 'max-accuracy', 'recall=0.99', 'recall=1'],
    ]);
    for (const text of [
      '',
      'recall',
      'recall=',
      'recall=0',
      'recall=1.1',
      'recall=x',
      'ZFN',
      'zfn+',
      'zfn+0',
      'zfn+1',
      'zfn+x',
      'zfn++0.1',
      'zfn+ 0.1',
      3,
      null,
    ]) {
      expect(parseRule(text)).toBeUndefined();
    }
  });

  it('reads what runs stored before there was a calibration part', () => {
    const threshold = { value: 0.5, rule: 'zfn', chosenOn: 'train' };
    const old = { chosen: 'dn', counts: calibration.counts, scores: { dn: { auroc: 1, threshold } } };
    expect(parseCalibration(old, 'thresholds.json')).toEqual({
      ...old,
      rule: 'zfn',
      chosenOn: 'train',
      dataHash: null,
      objects: calibration.counts,
      combination: null,
      baseline: null,
    });
  });

  it('gives way to the user for the score that decides, and says so', () => {
    const given = withThreshold(calibration, 0.7);
    expect(given.scores.dn?.threshold).toEqual({ value: 0.7, rule: 'given', chosenOn: 'user' });
    expect(given.scores.sse).toEqual(calibration.scores.sse);
    expect(parseCalibration(JSON.parse(JSON.stringify(given)), 'thresholds.json')).toEqual(given);
    expect(withThreshold(calibration, undefined)).toBe(calibration);
  });

  it('survives being stored', () => {
    expect(parseCalibration(JSON.parse(JSON.stringify(calibration)), 'thresholds.json')).toEqual(calibration);
  });

  it.each([
    ['a list', []],
    ['no scores', { chosen: 'dn', counts: calibration.counts, scores: {} }],
    ['a chosen score that it has not', { ...calibration, chosen: 'toString' }],
    [
      'an impossible AUROC',
      { ...calibration, scores: { ...calibration.scores, sse: { ...calibration.scores.sse, auroc: 1.5 } } },
    ],
    ['fewer images than none', { ...calibration, counts: { normal: -2, abnormal: 2 } }],
    ['more objects than images', { ...calibration, objects: { normal: 9, abnormal: 2 } }],
    [
      'more misses than abnormal images',
      { ...calibration, tradeOff: { points: [], present: { threshold: 1, missed: 3, falseAlarms: 0 } } },
    ],
    ['half an object', { ...calibration, objects: { normal: 1.5, abnormal: 2 } }],
    ['scores that are a list', { ...calibration, chosen: '0', scores: [calibration.scores.dn] }],
    [
      'a combination without a mean',
      { ...calibration, combination: { weights: { dn: 1 }, bias: 0, means: {}, sds: { dn: 1 } } },
    ],
    [
      'a combination that divides by zero',
      { ...calibration, combination: { weights: { dn: 1 }, bias: 0, means: { dn: 0 }, sds: { dn: 0 } } },
    ],
    ['counts that are text', { ...calibration, counts: { normal: '2', abnormal: 2 } }],
    [
      'a threshold of null, which is what NaN becomes in JSON',
      {
        ...calibration,
        scores: { dn: { auroc: 1, threshold: { value: null, rule: 'zfn', chosenOn: 'calibration' } } },
      },
    ],
    [
      'a threshold chosen on the test part',
      { ...calibration, scores: { dn: { auroc: 1, threshold: { value: 1, rule: 'zfn', chosenOn: 'test' } } } },
    ],
  ])('refuses stored thresholds with %s and names the file', (_, json) => {
    expect(() => parseCalibration(json, 'run/thresholds.json')).toThrow(CyclopsError);
    expect(() => parseCalibration(json, 'run/thresholds.json')).toThrow(/^run\/thresholds\.json/);
  });
});

describe('summarise', () => {
  const evaluation = summarise(test, infos, calibration, [{ file: 'normal/4.png', label: 'normal', reason: 'empty' }]);
  const [sse, dn] = evaluation.scores;

  it('counts', () => {
    expect(evaluation.counts).toEqual({
      normal: 3,
      abnormal: 2,
      unlabelled: 0,
      total: 5,
      skipped: 1,
      flagged: 2,
      seenInTraining: 0,
    });
  });

  it('keeps to the score and threshold of calibration even where another is better', () => {
    expect(evaluation.chosen.score).toBe('dn');
    expect(evaluation.best).toEqual({ score: 'sse', auroc: 1, oracle: true });
    expect(evaluation.images.map(({ flagged, verdict }) => [flagged, verdict])).toEqual([
      [false, 'correct'],
      [true, 'false alarm'],
      [false, 'correct'],
      [true, 'correct'],
      [false, 'missed'],
    ]);
  });

  it('reports what the calibrated threshold does, which is no oracle', () => {
    expect(dn?.calibrated).toMatchObject({
      threshold: { value: 0.35, rule: 'zfn', chosenOn: 'calibration' },
      truePositives: 1,
      falseNegatives: 1,
      falsePositives: 1,
      trueNegatives: 2,
      accuracy: 3 / 5,
      sensitivity: 1 / 2,
      specificity: 2 / 3,
      oracle: false,
    });
    // P(X ≤ 1) = 1 − p² = 0.05 for two images.
    expect(dn?.calibrated?.missRateUpperBound).toBeCloseTo(Math.sqrt(0.95), 12);
  });

  it('marks what was chosen on these images as oracle', () => {
    // dn: 4 of 6 pairs are in order. Its best accuracy and its ZFN threshold are the same here: from 0.32 on.
    expect(dn?.auroc).toBeCloseTo(4 / 6, 15);
    expect(dn?.zfn).toEqual({
      accuracy: 4 / 5,
      specificity: 2 / 3,
      threshold: { value: 0.32, rule: 'zfn', chosenOn: 'test' },
      oracle: true,
    });
    expect(sse?.bestAccuracy).toEqual({
      accuracy: 1,
      threshold: { value: 5, rule: 'max-accuracy', chosenOn: 'test' },
      oracle: true,
    });
  });

  it('bounds no miss rate by images of which several show one object', () => {
    const grouped = test.map((entry) => ({ ...entry, group: 'one' }));
    const report = summarise(grouped, infos, calibration);
    expect(report.scores.map((score) => score.calibrated?.missRateUpperBound)).toEqual([null, null]);
    expect(report.scores.every((score) => (score.calibrated?.accuracy ?? 0) > 0)).toBe(true);
  });

  it('calls the calibrated threshold an oracle too when images were seen in training', () => {
    const leaked = test.map((entry, i) => ({ ...entry, seenInTraining: i === 0 }));
    const report = summarise(leaked, infos, calibration);
    expect(report.counts.seenInTraining).toBe(1);
    expect(report.scores.map((score) => score.calibrated?.oracle)).toEqual([true, true]);
    const { scores } = JSON.parse(JSON.stringify(evaluationJson(report, { device: '', run: '', data: '' })));
    expect([scores.sse.oracle, scores.dn.oracle]).toEqual([true, true]);
  });

  it('flags images without labels and claims nothing about them', () => {
    const report = summarise([image('x.png', null, 9, 9)], infos, calibration);
    expect(report.images[0]).toMatchObject({ flagged: true, verdict: null });
    expect(report.best).toBeNull();
    expect(report.scores[0]).toMatchObject({ auroc: null, bestAccuracy: null, zfn: null, calibrated: null, roc: null });
  });

  it('gives what one class alone allows', () => {
    const report = summarise(test.slice(0, 3), infos, calibration);
    expect(report.scores[1]?.auroc).toBeNull();
    expect(report.scores[1]?.calibrated).toMatchObject({
      sensitivity: null,
      specificity: 2 / 3,
      missRateUpperBound: null,
    });
  });

  it('names file and score of a score that is NaN or missing, labelled or not', () => {
    expect(() => summarise([image('bad.png', null, Number.NaN, 1)], infos, calibration)).toThrow(
      /sse of bad\.png is NaN/,
    );
    const missing = { file: 'bad.png', label: null, scores: { dn: 1 } };
    expect(() => summarise([missing], infos, calibration)).toThrow(/sse of bad\.png is missing/);
    expect(() => summarise([missing], infos, calibration)).toThrow(CyclopsError);
  });

  it('refuses a model that decides by a score it does not get', () => {
    expect(() => summarise(test, infos.slice(0, 1), calibration)).toThrow(/by the score dn/);
  });
});

describe('evaluationJson', () => {
  it('holds every figure of every score, how each threshold was chosen, counts and device', () => {
    const context = { device: 'test adapter', run: 'runs/1', data: 'data' };
    const evaluation = summarise(test, infos, calibration);
    const json = JSON.parse(JSON.stringify(evaluationJson(evaluation, context)));
    expect(json).toMatchObject({
      ...context,
      counts: { normal: 3, abnormal: 2 },
      chosen: { score: 'dn', chosenOn: 'calibration', threshold: { value: 0.35 } },
      best: { score: 'sse', oracle: true },
      scores: {
        sse: {
          paper: true,
          auroc: 1,
          oracle: false,
          bestAccuracy: { accuracy: 1, oracle: true, threshold: { chosenOn: 'test', rule: 'max-accuracy' } },
          accZfn: { accuracy: 1, oracle: true, threshold: { chosenOn: 'test', rule: 'zfn' } },
          calibrated: { oracle: false, threshold: { value: 1.5, chosenOn: 'calibration', rule: 'zfn' } },
        },
        dn: { paper: false, calibrated: { falseNegatives: 1, falsePositives: 1 } },
      },
    });
    expect(Object.keys(json.scores)).toEqual(['sse', 'dn']);
  });
});

describe('evaluationCsv', () => {
  it('has a line for each image, quotes what needs it, and loses no digit', () => {
    const images = [
      { ...image('a,"b".png', 'abnormal', 0.1 + 0.2, 0.5), type: 'crack' },
      image('two\nlines.png', null, 1e-7, 0.3),
    ];
    expect(evaluationCsv(summarise(images, infos, calibration))).toBe(
      'file,label,type,sse,dn,decided_by,threshold,flag,reason\r\n' +
        '"a,""b"".png",abnormal,crack,0.30000000000000004,0.5,dn,0.35,1,\r\n' +
        '"two\nlines.png",,,1e-7,0.3,dn,0.35,0,\r\n',
    );
  });

  it('has a line in its place for what could not be read, with the reason and without scores', () => {
    const images = ['a.png', 'c.png'].map((file) => image(file, 'normal', 0.1, 0.3));
    const skipped = [{ file: 'b.png', label: 'abnormal' as const, type: 'crack', reason: 'b.png is no image' }];
    expect(
      evaluationCsv(summarise(images, infos, calibration, skipped))
        .split('\r\n')
        .slice(1),
    ).toEqual([
      'a.png,normal,,0.1,0.3,dn,0.35,0,',
      'b.png,abnormal,crack,,,dn,0.35,unreadable,b.png is no image',
      'c.png,normal,,0.1,0.3,dn,0.35,0,',
      '',
    ]);
  });

  it('lets no spreadsheet run a name, and leaves negative scores numbers', () => {
    const images = [{ ...image('=1+1.png', 'abnormal', -1.5, 0.5), type: '@SUM(1)' }];
    expect(evaluationCsv(summarise(images, infos, calibration)).split('\r\n')[1]).toBe(
      "'=1+1.png,abnormal,'@SUM(1),-1.5,0.5,dn,0.35,1,",
    );
  });
});
