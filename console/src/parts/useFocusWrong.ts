/** After a refusal the first field that is to blame has the focus, and with it comes into view. */
import { useEffect } from 'react';

export function useFocusWrong(fault: unknown): void {
  useEffect(() => {
    if (fault === null || fault === undefined) return undefined;
    const frame = requestAnimationFrame(() => {
      const above = [...document.querySelectorAll('[role=dialog]')].at(-1);
      above?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, [fault]);
}
