import type { BenchSet } from './outcome.ts';

/** Options of the training, and the AUROC and AUPRO that the project wants to reach. */
export const SETS: readonly BenchSet[] = [
  {
    name: 'aitex_fabric',
    options: '--preset segment --input-nc 1 --load-size 192',
    auroc: 0.97,
    aupro: 0.88,
  },
  { name: 'crackforest', options: '--preset segment', auroc: 0.97, aupro: 0.8 },
  {
    name: 'bsdata_pitting',
    options: '--preset segment --local-contrast --shrink 0.5',
    auroc: 0.98,
    aupro: 0.7,
  },
  {
    name: 'lgg_mri',
    options: '--preset segment --load-size 96 --planes near,whole,mirror --domain-crops 5 --steps 2000',
    auroc: 0.96,
    aupro: 0.88,
  },
  {
    name: 'magnetic_tile',
    options:
      '--preset segment --load-size 256 --planes near,wide,whole --crop-size 96 --no-rotate --flip-vertical --damage 4 --domain-crops 6 --shrink 0.375',
    auroc: 0.85,
    aupro: 0.8,
  },
  {
    name: 'deeppcb',
    options: '--preset segment --input-nc 1 --load-size 384 --crop-size 72 --domain-crops 10',
    auroc: 0.95,
    aupro: 0.94,
  },
  {
    name: 'chest_xray',
    options: '--preset segment --input-nc 1 --load-size 72 --crop-size 72 --domain-crops 3 --no-rotate --steps 1500',
    auroc: 0.97,
    aupro: null,
  },
];
