/** Keys of the prompt page: `e` edits, `p` publishes, Ctrl/Cmd-S creates a version (also from within an editor). */
import { useEffect, useRef } from 'react';
import { useShortcut } from '@/frame/shortcuts';
import { strings } from '@/strings';

export function usePromptKeys({ publish, create }: { readonly publish: () => void; readonly create: () => void }): void {
  const latest = useRef({ publish, create });
  useEffect(() => {
    latest.current = { publish, create };
  });
  useShortcut('p', strings.prompt.publish, () => latest.current.publish());
  useShortcut('e', strings.prompt.edit, () => document.querySelector<HTMLElement>('#content .cm-content')?.focus());
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 's' || event.shiftKey || event.altKey) return;
      event.preventDefault();
      latest.current.create();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, []);
}
