/** Where a run stands, and whether everything passed. */
import { IconAlertTriangle, IconBan, IconCheck, IconClock, IconHelpCircle, IconLoader, IconX } from '@tabler/icons-react';
import type { RunOut } from '@/api/schema';
import { Chip } from '@/parts/Chip';
import { strings } from '@/strings';

const words = strings.runs;

export function RunState({ run }: { readonly run: Pick<RunOut, 'state' | 'passed'> }) {
  const state = words.states[run.state] ?? run.state;
  if (run.state === 'waiting') return <Chip tone="idle" icon={IconClock}>{state}</Chip>;
  if (run.state === 'running') return <Chip tone="warn" icon={IconLoader}>{state}</Chip>;
  if (run.state === 'cancelled') return <Chip tone="idle" icon={IconBan}>{state}</Chip>;
  if (run.state !== 'done') return <Chip tone="bad" icon={IconAlertTriangle}>{state}</Chip>;
  if (run.passed === true) return <Chip tone="good" icon={IconCheck}>{words.passed}</Chip>;
  if (run.passed === false) return <Chip tone="bad" icon={IconX}>{words.notPassed}</Chip>;
  return <Chip tone="idle" icon={IconHelpCircle}>{words.unclear}</Chip>;
}
