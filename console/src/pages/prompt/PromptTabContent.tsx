/** The prompt tab: what is written at the left, what the model gets at the right. */
import { Alert } from '@mantine/core';
import { Later } from '@/parts/Later';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { strings } from '@/strings';
import { FileEditor } from './edit/FileEditor';
import { ProblemList } from './edit/ProblemList';
import { PromptForm } from './edit/PromptForm';
import { Preview } from './preview/Preview';
import classes from './prompt.module.css';
import type { DraftSession, DraftState } from './session';
import { SharedEdits } from './SharedEdits';

interface Props { readonly project: string; readonly path: string; readonly session: DraftSession; readonly state: DraftState; readonly editable: boolean }

export function PromptTabContent({ project, path, session, state, editable }: Props) {
  const [query] = useAddressQuery();
  const faults = state.checked?.problems ?? [];
  if (query.shared !== undefined) return <SharedEdits project={project} path={path} share={query.shared} onTaken={() => void session.open(true)} />;
  if (editable && state.copy !== null && state.copy.conflicts.length > 0) return null; // the merge view above asks first
  if (state.doc === null) {
    return (
      <>
        <Alert color="orange" mb="md">{strings.prompt.fileOnly}</Alert>
        <FileEditor text={state.text} faults={faults} onChange={editable ? session.changeText : undefined} />
        <ProblemList faults={faults} />
      </>
    );
  }
  const { doc } = state;
  return (
    <div className={classes.work}>
      <div className={classes.editing}>
        <PromptForm project={project} doc={state.doc} faults={faults} loaded={state.loaded} {...(editable ? { onChange: session.change } : {})} file={{ text: state.text, onChange: editable ? session.changeText : undefined }} />
      </div>
      <div className={classes.aside}>
        <Later before={<Waiting lines={10} />}>{() => <Preview project={project} doc={doc} {...(editable ? { onChange: session.change } : {})} />}</Later>
        <ProblemList faults={faults} />
      </div>
    </div>
  );
}
