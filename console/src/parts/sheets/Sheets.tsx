/** The sheet over any page of a project: publish, roll back, suspend. The address says which, so that a link opens it. */
import { lazy, Suspense, useEffect, useRef } from 'react';
import { useParams } from '@tanstack/react-router';
import { again } from '@/parts/lazily';
import { useAddressQuery } from '@/parts/navigate';

const Publish = lazy(() => again(() => import('./publish/PublishSheet')).then((found) => ({ default: found.PublishSheet })));
const Rollback = lazy(() => again(() => import('./RollbackSheet')).then((found) => ({ default: found.RollbackSheet })));
const Suspend = lazy(() => again(() => import('./SuspendSheet')).then((found) => ({ default: found.SuspendSheet })));

const SHEETS = { publish: Publish, rollback: Rollback, suspend: Suspend } as const;

/** What every sheet gets: its project, what the address asks, and how to change or leave it. */
export interface SheetProps {
  readonly project: string;
  readonly prompts?: string;
  readonly to?: string;
  readonly in?: string;
  readonly change: (asked: Record<string, string | undefined>) => void;
  readonly close: () => void;
}

export function Sheets() {
  const { project } = useParams({ strict: false });
  const [query, set] = useAddressQuery();
  const kind = query.sheet;
  const from = useRef<Element | null>(null);
  const open = kind !== undefined && kind in SHEETS;
  // Focus goes back to where the sheet was opened; the drawer comes too late to know it, as it is loaded first.
  useEffect(() => {
    if (open) {
      const before = document.activeElement;
      from.current = before === document.body ? null : before;
      return undefined;
    }
    const back = from.current;
    from.current = null;
    if (!(back instanceof HTMLElement) || !back.isConnected) return undefined;
    const timer = setTimeout(() => back.focus({ preventScroll: true }), 180);
    return () => clearTimeout(timer);
  }, [open]);
  if (!open || project === undefined) return null;
  const Sheet = SHEETS[kind as keyof typeof SHEETS];
  return (
    <Suspense fallback={null}>
      <Sheet
        key={kind}
        project={project}
        prompts={query.prompts}
        to={query.to}
        in={query.in}
        change={set}
        close={() => set({ sheet: undefined, prompts: undefined, to: undefined, in: undefined })}
      />
    </Suspense>
  );
}
