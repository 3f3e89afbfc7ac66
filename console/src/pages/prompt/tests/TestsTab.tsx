/** Test data of the prompt, and how models did on it. */
import { Button, Group } from '@mantine/core';
import { links } from '@/links';
import { useGo } from '@/parts/navigate';
import { strings } from '@/strings';
import classes from '../prompt.module.css';
import type { DraftSession, DraftState } from '../session';
import { CaseTable } from './CaseTable';
import { Verdicts } from './Verdicts';

const words = strings.prompt;

interface Props { readonly project: string; readonly path: string; readonly session: DraftSession; readonly state: DraftState; readonly editable: boolean }

export function TestsTab({ project, path, session, state, editable }: Props) {
  const go = useGo();
  return (
    <>
      <section className={classes.section} aria-label={words.verdicts}>
        <div className={classes.sectionHead}>
          <h2>{words.verdicts}</h2>
          <Group className={classes.end} gap="xs">
            <Button size="xs" variant="default" onClick={() => go(links.matrix(project, { q: path }))}>{words.toMatrix}</Button>
            <Button size="xs" variant="default" onClick={() => go(links.suites(project))}>{words.suites}</Button>
            <Button size="xs" onClick={() => go(links.runs(project, { start: 1, prompt: path }))}>{words.startRun}</Button>
          </Group>
        </div>
        <Verdicts project={project} path={path} />
      </section>
      {state.doc && <CaseTable doc={state.doc} onChange={editable ? session.change : undefined} />}
    </>
  );
}
