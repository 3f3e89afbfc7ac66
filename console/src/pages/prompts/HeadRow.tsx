/** The head of both lists. */
import { strings } from '@/strings';
import classes from './prompts.module.css';

const words = strings.prompts.columns;

export function HeadRow({ environments }: { readonly environments: readonly string[] }) {
  return (
    <div className={classes.head} aria-hidden>
      <span>{words.prompt}</span>
      <span>{words.version}</span>
      {environments.map((name) => <span key={name}>{name}</span>)}
      <span className={classes.owners}>{words.owners}</span>
      <span className={classes.changed}>{words.changed}</span>
    </div>
  );
}
