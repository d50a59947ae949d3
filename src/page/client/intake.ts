/** Files that are dropped or chosen, folders taken apart. */

/** A file and its path below what was given. */
export interface GivenFile {
  readonly name: string;
  readonly file: File;
}

/** What was given, and how many files were left aside since systems, not people, put them there. */
export interface Given {
  readonly files: readonly GivenFile[];
  readonly hidden: number;
}

const SYSTEM_FILE = /^(\..*|thumbs\.db|desktop\.ini)$/i;

function given(found: readonly GivenFile[]): Given {
  const files = found.filter(({ name }) => !name.split('/').some((part) => SYSTEM_FILE.test(part)));
  return { files: files.toSorted((a, b) => order(a.name, b.name)), hidden: found.length - files.length };
}

const { compare: order } = new Intl.Collator('en', { numeric: true });

export function chosenFiles(input: HTMLInputElement): Given {
  return given([...(input.files ?? [])].map((file) => ({ name: file.webkitRelativePath || file.name, file })));
}

export async function droppedFiles({ items }: DataTransfer): Promise<Given> {
  // All at once: the browser forgets them after the first await.
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const found = await Promise.all(entries.map(filesIn));
  return given(found.flat());
}

async function filesIn(entry: FileSystemEntry): Promise<GivenFile[]> {
  const name = entry.fullPath.replace(/^\//, '');
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return [{ name, file }];
  }
  if (!isFolder(entry)) return [];
  const reader = entry.createReader();
  const found: GivenFile[] = [];
  // A reader gives a hundred or so at a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const inner of some) found.push(...(await filesIn(inner)));
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
