import { beginsAsImage } from '../../data/images/read-stored.ts';
import { stateOf } from './state-of.ts';

interface Beginning {
  stamp: string;
  isImage: boolean;
}

/** Whether files begin as images, in a folder that is looked at again and again: one is read anew where it has changed. */
export class KnownBeginnings {
  #before = new Map<string, Beginning>();
  #asked = new Map<string, Beginning>();

  readonly isImage = (path: string): boolean => {
    const { stamp } = stateOf(path);
    const before = this.#before.get(path);
    const isImage = before && before.stamp === stamp ? before.isImage : beginsAsImage(path);
    this.#asked.set(path, { stamp, isImage });
    return isImage;
  };

  /** Forgets files that were not asked for since the last time. */
  forgetOthers(): void {
    this.#before = this.#asked;
    this.#asked = new Map();
  }
}
