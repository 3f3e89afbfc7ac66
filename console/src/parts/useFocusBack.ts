/** For dialogs that are there only while open: focus goes back where it was when they were opened. */
import { useEffect, useState } from 'react';

export function useFocusBack(): void {
  const [before] = useState(() => document.activeElement);
  useEffect(() => () => {
    if (before instanceof HTMLElement && before !== document.body) setTimeout(() => before.focus(), 0);
  }, [before]);
}
