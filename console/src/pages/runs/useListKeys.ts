/** `j` and `k` through a list's lines, Enter opens the one that is marked. */
import { useState, type KeyboardEvent } from 'react';

export function useListKeys(count: number, open: (at: number) => void) {
  const [at, setAt] = useState(-1);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'j') setAt(Math.min(count - 1, at + 1));
    else if (event.key === 'k') setAt(Math.max(0, at - 1));
    else if (event.key === 'Enter' && event.target === event.currentTarget && at >= 0) open(at);
    else return;
    event.preventDefault();
  };
  return { at, body: { tabIndex: 0, onKeyDown } };
}
