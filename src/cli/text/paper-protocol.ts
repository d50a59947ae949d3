import type { MeanAndDeviation, PaperFigures } from '../../workflow/paper-protocol.ts';
import { align } from './table.ts';

/** The figures as a table for people. */
export function paperText({ seeds, testImages, scores }: PaperFigures): string {
  const show = ({ mean, sd }: MeanAndDeviation) =>
    sd === null ? mean.toFixed(3) : `${mean.toFixed(3)} ± ${sd.toFixed(3)}`;
  const rows = Object.entries(scores).map(([name, { paper, accuracy, accZfn, auroc }]) => [
    ...[name, show(accuracy), show(accZfn), show(auroc), paper ? "the paper's" : ''],
  ]);
  const header = ['score', 'ACC*', 'ACC_ZFN*', 'AUC', ''];
  return [
    `The paper's protocol, ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}: ${testImages.normal} normal and ` +
      `${testImages.abnormal} abnormal test images in each run${seeds.length > 1 ? '; mean ± standard deviation' : ''}.`,
    '',
    ...align([header, ...rows], (column) => column === 0 || column === header.length - 1),
    '',
    '* oracle: its threshold was chosen on the images reported on.',
    '',
  ].join('\n');
}
