/** The networks of a Cycle-GAN by their names in the reference, in the order of files. */
export const NETWORK_NAMES = ['G_A', 'G_B', 'D_A', 'D_B'] as const;

export type NetworkName = (typeof NETWORK_NAMES)[number];

/** What they are, for people. */
export const NETWORK_WORDS: Readonly<Record<NetworkName, string>> = {
  G_A: 'G_A, the generator from abnormal to normal (G_a2n)',
  G_B: 'G_B, the generator from normal to abnormal (G_n2a)',
  D_A: 'D_A, the discriminator of normal images (D_n)',
  D_B: 'D_B, the discriminator of abnormal images (D_a)',
};
