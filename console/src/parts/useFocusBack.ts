/** For dialogs that are there only while open: focus goes back where it was when they were opened. */
import { useEffect, useState } from 'react';

/** Where focus goes back to: for an item of a menu, which is gone by then, the button of the menu. */
function opener(): Element | null {
  const active = document.activeElement;
  const menu = active?.closest('[role=menu]');
  return menu ? document.querySelector(`[aria-controls="${CSS.escape(menu.id)}"]`) ?? active : active;
}

function goBack(before: HTMLElement): void {
  // What opened the dialog may be gone with what was done: then the page itself, not the top of the document.
  if (!before.isConnected && document.activeElement !== document.body) return;
  const to = before.isConnected ? before : document.getElementById('content');
  const above = [...document.querySelectorAll('[role=dialog]')].at(-1);
  if (above === undefined || above.contains(to)) to?.focus({ preventScroll: !before.isConnected });
}

export function useFocusBack(): void {
  const [before] = useState(opener);
  useEffect(() => () => {
    if (before instanceof HTMLElement && before !== document.body) setTimeout(() => goBack(before), 0);
  }, [before]);
}
