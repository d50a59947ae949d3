import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { CyclopsError } from '../../gpu/errors.ts';
import { isFolder } from '../files/is-folder.ts';
import { isThere } from '../files/is-there.ts';
import { type FolderContent, folderContent } from './folder-content.ts';
import { type PassedOver, passOver } from './passed-over.ts';

/** Files that speak of the data, wherever they lie. */
const ABOUT = /^(readme|licen[cs]e)(\.|$)/i;

/** A data folder as a layout looks at it, folder by folder: it knows at the end what was passed over. Paths are relative to it, with `/`. */
export class DataFolder {
  private readonly contents = new Map<string, FolderContent>();
  private readonly taken = new Set<string>();

  /** @param root absolute path */
  constructor(readonly root: string) {}

  /** @throws CyclopsError for a link that leads nowhere: who made it meant a folder */
  has(folder: string): boolean {
    const path = join(this.root, folder);
    if (isFolder(path)) return true;
    if (isThere(path) && !existsSync(path)) {
      throw new CyclopsError(
        `${path} cannot be opened, or is a link that leads to nothing. Mend it, or take it out of the data folder.`,
      );
    }
    return false;
  }

  /** Image files directly in a folder, by name. @throws CyclopsError when it cannot be listed */
  images(folder: string): string[] {
    const { images } = this.content(folder);
    for (const name of images) this.taken.add(posix.join(folder, name));
    return images;
  }

  /** Folders directly in a folder, and links to folders, by name. @throws CyclopsError when it cannot be listed */
  folders(folder: string): string[] {
    const { folders, links } = this.content(folder);
    return [...folders, ...links].sort();
  }

  /** Every file directly in a folder, by name, but hidden ones. */
  files(folder: string): string[] {
    const { images, others } = this.content(folder);
    return [...images, ...others].sort();
  }

  /** Notes files that are no images and are used all the same. */
  use(files: readonly string[]): void {
    for (const file of files) this.taken.add(file);
  }

  /** What nothing was made of in the folders that were looked at, and the folders in them that were not. */
  passedOver(): PassedOver {
    const passed: PassedOver = {};
    for (const [folder, { images, folders, links, others, hidden }] of this.contents) {
      const paths = (names: readonly string[]) =>
        names.map((name) => posix.join(folder, name)).filter((path) => !this.taken.has(path));
      const unseen = paths([...folders, ...links]).filter((path) => !this.contents.has(path));
      passOver(passed, 'others', paths(others.filter((name) => !ABOUT.test(name))));
      passOver(passed, 'elsewhere', [...paths(images), ...unseen]);
      passOver(passed, 'hidden', paths(hidden));
    }
    return passed;
  }

  private content(folder: string): FolderContent {
    const known = this.contents.get(folder) ?? folderContent(join(this.root, folder));
    this.contents.set(folder, known);
    return known;
  }
}
