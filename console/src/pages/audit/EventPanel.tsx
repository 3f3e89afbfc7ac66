/** One event opened: what changed, why, by which rule, and its place in the log. */
import { Code, Drawer } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Chip, TierChip } from '@/parts/Chip';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';
import { actionInWords, changesOf, promptOf, type Entry } from './entry';
import { Proof } from './Proof';
import parts from '@/parts/parts.module.css';
import classes from './audit.module.css';

const words = strings.audit.event;

export interface EventPanelProps {
  readonly project: string | undefined;
  readonly seq: number;
  readonly known: Entry | undefined;
  readonly onClose: () => void;
}

export function EventPanel({ project, seq, known, onClose }: EventPanelProps) {
  useFocusBack();
  const asked = useQuery({
    queryKey: ['audit', 'event', project, seq],
    enabled: known === undefined,
    placeholderData: undefined,
    queryFn: async () => (await data(api.GET('/api/v1/audit/events/{seq}', { params: { path: { seq }, query: { project } } }))) as unknown as Entry,
  });
  const entry = known ?? asked.data;
  return (
    <Drawer opened onClose={onClose} position="right" size={560} title={words.title(seq)}>
      <Refusal fault={known ? null : asked.error} />
      {entry ? <Opened entry={entry} project={project} /> : !asked.error && <Waiting />}
    </Drawer>
  );
}

function Opened({ entry, project }: { readonly entry: Entry; readonly project: string | undefined }) {
  const { actor, object } = entry;
  const path = promptOf(entry);
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    [words.what, actionInWords(entry.action)],
    [words.outcome, strings.audit.outcomes[entry.outcome]],
    [words.who, actor.name ?? actor.type],
    [words.when, <Time key="at" at={entry.occurred_at} exact />],
    [words.object, object.id === null ? null : path === undefined || !entry.project ? object.id : <AppLink key="id" href={links.prompt(entry.project, path, { v: Number(object.version) || undefined })}>{object.id}{object.version ? ` v${object.version}` : ''}</AppLink>],
    [words.environment, entry.environment && <Chip key="e" tone={entry.environment === 'production' ? 'production' : 'plain'}>{entry.environment}</Chip>],
    [words.tier, entry.tier && <TierChip key="t" tier={entry.tier} />],
    [words.reason, entry.reason],
    [words.ticket, entry.ticket],
    [words.rule, entry.rule && <Code key="r">{entry.rule}</Code>],
    [words.roles, actor.roles.length > 0 && actor.roles.join(', ')],
    [words.way, actor.auth_method],
    [words.ip, actor.ip],
  ];
  const changes = changesOf(entry);
  return (
    <>
      <Facts facts={facts} />
      <p style={{ display: 'flex', flexWrap: 'wrap', gap: 14, fontSize: 14 }}>
        {object.id && <AppLink href={links.audit(project, { object: object.id })}>{words.everythingAbout}</AppLink>}
        {actor.name && actor.type !== 'system' && <AppLink href={links.audit(project, { actor: actor.name })}>{words.everythingBy}</AppLink>}
      </p>
      {changes.length > 0 && (
        <>
          <h2 className={classes.section}>{words.changes}</h2>
          <div className={parts.scroll}>
            <table className={parts.table}>
              <thead><tr><th>{words.field}</th><th>{words.before}</th><th>{words.after}</th></tr></thead>
              <tbody>
                {changes.map((one) => (
                  <tr key={one.field}>
                    <td className={one.before === one.after ? undefined : classes.changed}>{one.field.replaceAll('_', ' ')}</td>
                    <td className={classes.cell}>{one.before ?? '–'}</td>
                    <td className={classes.cell}>{one.after ?? '–'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      {entry.signature && (
        <>
          <h2 className={classes.section}>{words.signature}</h2>
          <Facts facts={Object.entries(entry.signature).map(([name, value]) => [name.replaceAll('_', ' '), value] as const)} />
        </>
      )}
      <h2 className={classes.section}>{words.position}</h2>
      <Facts facts={[
        [words.number, entry.seq.toLocaleString('en')],
        [words.hash, <span key="h" className={parts.mono}>{entry.entry_hash}</span>],
        [words.previous, <span key="p" className={parts.mono}>{entry.prev_hash}</span>],
        [words.policy, entry.policy_version && <span key="v" className={parts.mono}>{entry.policy_version}</span>],
      ]} />
      <Proof key={entry.seq} project={project} seq={entry.seq} hash={entry.entry_hash} />
      <details style={{ marginTop: 16 }}>
        <summary>{words.raw}</summary>
        <Code block mt={8} tabIndex={0} style={{ maxHeight: 320, overflow: 'auto' }}>{JSON.stringify(entry, null, 2)}</Code>
      </details>
    </>
  );
}

function Facts({ facts }: { readonly facts: readonly (readonly [string, React.ReactNode])[] }) {
  return (
    <dl className={classes.facts}>
      {facts.filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false).map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}><dt>{name}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}
