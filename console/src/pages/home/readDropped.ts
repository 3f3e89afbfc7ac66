/** The files of a drop or a choice, folders walked through, with their paths. */

export interface Read {
  readonly name: string;
  readonly text: string;
  readonly size: number;
}

const MOST_FILES = 5000;

async function read(file: File, name: string, readable: (name: string) => boolean): Promise<Read> {
  return { name, size: file.size, text: readable(name) && file.size <= 1_048_576 ? await file.text() : '' };
}

/** Chosen files; those of a chosen folder are named from within it. */
export function readChosen(files: readonly File[], readable: (name: string) => boolean): Promise<Read[]> {
  return Promise.all(files.slice(0, MOST_FILES).map((file) => read(file, file.webkitRelativePath.split('/').slice(1).join('/') || file.name, readable)));
}

/** Dropped files and folders. */
export async function readDropped(items: DataTransferItemList, readable: (name: string) => boolean): Promise<Read[]> {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: Read[] = [];
  const walk = async (entry: FileSystemEntry, above: string): Promise<void> => {
    if (found.length >= MOST_FILES) return;
    if (entry.isFile) {
      const file = await new Promise<File>((give, fail) => (entry as FileSystemFileEntry).file(give, fail));
      found.push(await read(file, above + entry.name, readable));
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
