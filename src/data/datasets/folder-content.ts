import { type Dirent, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileError } from '../files/fs-error.ts';
import { isFolder } from '../files/is-folder.ts';
import { imageKind } from '../images/formats.ts';
import { beginsAsImage } from '../images/read-stored.ts';

/** What lies directly in a folder: names in the order of their character codes. */
export interface FolderContent {
  /** Files with the ending or the beginning of an image, whether it can be read or not, and folders that cannot be opened by their name. */
  images: string[];
  folders: string[];
  /** Symbolic links to folders. */
  links: string[];
  /** Those of the images that are symbolic links. */
  linked: string[];
  /** Files that are no images. */
  others: string[];
  /** Hidden files and folders. */
  hidden: string[];
}

/** What a system or a program keeps for itself, and nobody means to be looked at. */
const HIDDEN = /^(\.|(Thumbs\.db|desktop\.ini|DICOMDIR|__MACOSX)$)/i;

/**
 * Lists a folder. Links are followed; one that leads nowhere is a file.
 *
 * @param begins whether the file of a path begins as an image; asked of files without the ending of one
 * @throws CyclopsError when it cannot be listed
 */
export function folderContent(dir: string, begins: (path: string) => boolean = beginsAsImage): FolderContent {
  const content: FolderContent = { images: [], folders: [], links: [], linked: [], others: [], hidden: [] };
  for (const entry of list(dir)) {
    const { name } = entry;
    const path = join(dir, name);
    const isLink = entry.isSymbolicLink();
    if (HIDDEN.test(name)) content.hidden.push(name);
    else if (entry.isDirectory() || (isLink && isFolder(path))) {
      if (!existsSync(path)) content.images.push(name);
      else content[isLink ? 'links' : 'folders'].push(name);
    } else if (imageKind(name) !== 'none' || (isFile(entry, path) && begins(path))) {
      content.images.push(name);
      if (isLink) content.linked.push(name);
    } else content.others.push(name);
  }
  return content;
}

/** A pipe is not opened: whoever writes into it would take that for a reader. */
function isFile(entry: Dirent, path: string): boolean {
  if (!entry.isSymbolicLink()) return entry.isFile();
  return existsSync(path) && statSync(path).isFile();
}

function list(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw fileError(error, 'list the folder', dir);
  }
}
