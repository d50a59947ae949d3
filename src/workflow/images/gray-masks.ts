import type { Mask } from '../../data/images/mask.ts';
import type { Listener } from '../common/listener.ts';

/** A mask with more pixels between black and white than this share of those inside is none of two levels. */
const GRAY_SHARE = 0.05;

/** Masks that are not black and white: a person is told once, however often some are read while a command is at work. */
export class GrayMasks {
  /** How many pixels between black and white each has, by file. */
  private readonly found = new Map<string, number>();
  private isTold = false;

  see(file: string, { inside, between }: Mask): void {
    const area = inside.reduce((sum, value) => sum + value, 0);
    if (between > GRAY_SHARE * area) this.found.set(file, between);
  }

  /** Says which there are so far. */
  tell(onWarning: Listener['onWarning']): void {
    const [first] = this.found;
    if (!first || this.isTold) return;
    this.isTold = true;
    const [file, pixels] = first;
    const { size } = this.found;
    onWarning?.(
      `${size} ${size === 1 ? 'mask has' : 'masks have'} many pixels between black and white, such as ${file} with ${pixels}: those from half of its maximum ` +
        'on count as inside. JPEG smears edges; save masks as PNG.',
    );
  }
}
