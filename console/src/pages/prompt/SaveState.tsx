/** Where what was typed is: saved, on its way, or kept in this browser. */
import { Text } from '@mantine/core';
import { IconCheck, IconCloudOff, IconDots, IconExclamationCircle } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { strings } from '@/strings';
import type { DraftState } from './session';
import classes from './prompt.module.css';

const words = strings.prompt;

export function SaveState({ state }: { readonly state: DraftState }) {
  const [now, tick] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => tick(Date.now()), 5000);
    return () => clearInterval(timer);
  }, []);
  const text = state.phase === 'saved' && state.savedAt !== null ? words.saved(Math.max(0, (Math.max(now, state.savedAt) - state.savedAt) / 1000)) : words.states[state.phase === 'saved' || state.phase === 'opening' ? 'clean' : state.phase];
  const bad = state.phase === 'offline' || state.phase === 'elsewhere' || state.phase === 'refused';
  const Mark = state.phase === 'offline' ? IconCloudOff : bad ? IconExclamationCircle : state.phase === 'saved' ? IconCheck : IconDots;
  return (
    <Text size="sm" c={bad ? 'var(--warn)' : 'dimmed'} role="status" className={classes.saveState} style={{ display: 'inline-flex', alignItems: 'center', gap: 4, minWidth: 132 }}>
      <Mark size={14} aria-hidden />
      {text}
    </Text>
  );
}
