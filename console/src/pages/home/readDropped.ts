/** The files of a drop or a choice, folders walked through, with their paths. */
import { MOST_BYTES, taken, type Read } from './intake';

export const MOST_FILES = 5000;

async function read(file: File, name: string): Promise<Read> {
  if (file.size > MOST_BYTES) return { name, size: file.size, content: '', encoding: 'text', unfit: 'size' };
  return taken(name, new Uint8Array(await file.arrayBuffer()));
}

/** Chosen files; those of a chosen folder are named from within it. */
export function readChosen(files: readonly File[]): Promise<Read[]> {
  const seen = files.filter(({ name, webkitRelativePath: path }) => !(path || name).split('/').some((part) => part.startsWith('.')));
  return Promise.all(seen.slice(0, MOST_FILES).map((file) => read(file, file.webkitRelativePath.split('/').slice(1).join('/') || file.name)));
}

/** Dropped files and folders. */
export async function readDropped(items: DataTransferItemList): Promise<Read[]> {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: Read[] = [];
  const walk = async (entry: FileSystemEntry, above: string): Promise<void> => {
    if (found.length >= MOST_FILES) return;
    if (entry.isFile) {
      const file = await new Promise<File>((give, fail) => (entry as FileSystemFileEntry).file(give, fail));
      found.push(await read(file, above + entry.name));
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      // A folder gives its entries in portions until one is empty.
      const some = await new Promise<FileSystemEntry[]>((give, fail) => reader.readEntries(give, fail));
      if (some.length === 0) break;
      for (const one of some) if (!one.name.startsWith('.')) await walk(one, `${above}${entry.name}/`);
    }
  };
  // One folder alone is what holds the prompts, not a module of them.
  const only = entries.length === 1 ? entries[0] : undefined;
  for (const entry of entries) {
    if (entry === only && only.isDirectory) {
      await walk(only, '');
      return found.map((one) => ({ ...one, name: one.name.slice(only.name.length + 1) }));
    }
    await walk(entry, '');
  }
  return found;
}
