/** Somebody by the name they go by; the user name is in the title. */
import { useParams } from '@tanstack/react-router';
import { useNameOf } from '@/api/names';
import classes from './parts.module.css';

export interface PersonProps {
  readonly name: string;
  /** Where the account is known; the page's project unless said. */
  readonly project?: string;
}

export function Person({ name, project }: PersonProps) {
  const here = useParams({ strict: false }).project;
  const called = useNameOf(project ?? here, name);
  // The user name holds the place until it is known, unseen: nothing jumps from one name to the other.
  return <span title={called === name ? undefined : name} className={called === undefined ? classes.unknownYet : undefined}>{called ?? name}</span>;
}

/** Several, with commas between. */
export function People({ names, project }: { readonly names: readonly string[]; readonly project?: string }) {
  return names.map((name, at) => <span key={name}>{at > 0 && ', '}<Person name={name} project={project} /></span>);
}
