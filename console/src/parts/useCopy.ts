/** Copying a text to take elsewhere. Browsers keep the clipboard from pages that came over plain HTTP: then it is selected to copy by hand. */
import { useState } from 'react';

export type Copied = 'yes' | 'by hand' | undefined;

/** `select` selects the text on the page. Gives how the last copying went, and what copies. */
export function useCopy(value: string, select: () => void): readonly [Copied, () => void] {
  const [copied, setCopied] = useState<Copied>();
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied('yes');
    } catch {
      select();
      setCopied('by hand');
    }
  };
  return [copied, () => void copy()];
}
