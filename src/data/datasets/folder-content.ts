import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileError } from '../files/fs-error.ts';
import { isFolder } from '../files/is-folder.ts';
import { imageKind } from '../images/formats.ts';

/** What lies directly in a folder: names in the order of their character codes. */
export interface FolderContent {
  /** Files with the ending of an image, whether it can be read or not, and folders that cannot be opened by their name. */
  images: string[];
  folders: string[];
  /** Symbolic links to folders. */
  links: string[];
  /** Those of the images that are symbolic links. */
  linked: string[];
  /** Files that are no images. */
  others: string[];
  /** Hidden files that are images, and hidden folders that hold some. */
  hidden: string[];
}

/** What a system or a program keeps for itself, and nobody means to be looked at. */
const HIDDEN = /^(\.|(Thumbs\.db|desktop\.ini|__MACOSX)$)/i;

/** Lists a folder. Links are followed; one that leads nowhere is a file. @throws CyclopsError when it cannot be listed */
export function folderContent(dir: string): FolderContent {
  const content: FolderContent = { images: [], folders: [], links: [], linked: [], others: [], hidden: [] };
  for (const entry of list(dir)) {
    const { name } = entry;
    const isLink = entry.isSymbolicLink();
    const isImage = imageKind(name) !== 'none';
    if (entry.isDirectory() || (isLink && isFolder(join(dir, name)))) {
      if (HIDDEN.test(name)) content.hidden.push(...(holdsImages(join(dir, name)) ? [name] : []));
      else if (!existsSync(join(dir, name))) content.images.push(name);
      else content[isLink ? 'links' : 'folders'].push(name);
    } else if (HIDDEN.test(name)) content.hidden.push(...(isImage ? [name] : []));
    else {
      content[isImage ? 'images' : 'others'].push(name);
      if (isImage && isLink) content.linked.push(name);
    }
  }
  return content;
}

/** Whether a folder that nobody looks at, or one below it, has a file with the ending of an image. */
export function holdsImages(dir: string): boolean {
  return entriesOf(dir).some((entry) =>
    entry.isDirectory() ? holdsImages(join(dir, entry.name)) : imageKind(entry.name) !== 'none',
  );
}

/** None where they cannot be listed: nothing is wanted of such a folder. */
function entriesOf(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch {
    return [];
  }
}

function list(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw fileError(error, 'list the folder', dir);
  }
}
