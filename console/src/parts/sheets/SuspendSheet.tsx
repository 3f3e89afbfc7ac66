/** Stopping prompts: suspend (a refusal that no fallback gets past) or take them out. Marked in red; it can be lifted. */
import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconBan, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useEnvironments, type Environment } from '@/api/releases';
import { useCan } from '@/api/session';
import { Waiting } from '@/parts/Page';
import { strings } from '@/strings';
import { EnvironmentChoice } from './EnvironmentChoice';
import { Made } from './Made';
import { readPicks, withPick, writePicks } from './picks';
import { Problem } from './Problem';
import { PromptSearch } from './PromptSearch';
import { Reach } from './Reach';
import { hasReason, ReasonFields, type Why } from './ReasonFields';
import { Section, SheetFrame } from './SheetFrame';
import type { SheetProps } from './Sheets';
import classes from './sheets.module.css';
import { useStop } from './useRollback';

const words = strings.sheets;
const KINDS = ['suspend', 'unpublish'] as const;
type Kind = (typeof KINDS)[number];

export function SuspendSheet(props: SheetProps) {
  const environments = useEnvironments(props.project);
  if (!environments) return <SheetFrame danger title={words.suspend} close={props.close}><Waiting /></SheetFrame>;
  const environment = environments.find(({ name }) => name === props.in) ?? environments.findLast(({ count }) => count > 0) ?? environments.at(-1);
  if (!environment) return <SheetFrame danger title={words.suspend} close={props.close}><p className={classes.soft}>{words.noEnvironment}</p></SheetFrame>;
  return <Form {...props} environments={environments} environment={environment} />;
}

function Form({ project, prompts, change, close, environments, environment }: SheetProps & { readonly environments: readonly Environment[]; readonly environment: Environment }) {
  const [kind, setKind] = useState<Kind>('suspend');
  const [why, setWhy] = useState<Why>({ reason: '', ticket: '' });
  const [made, setMade] = useState<number | null>(null);
  const stop = useStop(project, environment.name);
  const picks = readPicks(prompts);
  const paths = picks.map(({ path }) => path);
  const can = useCan('suspend', paths.length === 1 && paths[0] ? `${project}/${paths[0]}` : project, environment.name);
  if (made !== null) return <Made project={project} environment={environment.name} number={made} close={close} undo={(number) => change({ sheet: 'rollback', prompts: undefined, in: environment.name, to: `r${number}` })} />;
  const label = kind === 'suspend' ? words.suspendIn(environment.name) : words.unpublishIn(environment.name);
  const refused = can?.allowed === false ? [can.reason, can.remedy].filter(Boolean).join(' ') : undefined;
  const send = (): void => stop.mutate({ kind, prompts: paths, why, on: environment.release }, { onSuccess: (release) => setMade(release.number) });
  return (
    <SheetFrame
      danger
      title={<span style={{ display: 'flex', gap: 8, alignItems: 'center' }}><IconBan size={20} aria-hidden />{label}</span>}
      close={close}
      foot={(
        <>
          <div className={classes.footSays} aria-live="polite">{refused ?? (paths.length === 0 ? words.chooseStop : hasReason(why) ? '' : words.reasonMissing)}</div>
          <Button variant="default" onClick={close}>{strings.common.cancel}</Button>
          <Tooltip label={refused} disabled={refused === undefined}>
            <Button color="red" disabled={paths.length === 0 || !hasReason(why) || refused !== undefined} loading={stop.isPending} onClick={send}>{label}</Button>
          </Tooltip>
        </>
      )}
    >
      <Section title={words.how}>
        <div style={{ display: 'grid', gap: 8 }}>
          {KINDS.map((one) => (
            // eslint-disable-next-line jsx-a11y/label-has-associated-control -- the words are inside, two levels down
            <label key={one} htmlFor={`how-${one}`} className={classes.radio} data-on={kind === one}>
              <input id={`how-${one}`} type="radio" name="how" checked={kind === one} onChange={() => setKind(one)} style={{ marginTop: 4 }} />
              <span><strong style={{ fontWeight: 600 }}>{words[one]}</strong><br /><span className={classes.soft}>{one === 'suspend' ? words.suspendMeans : words.unpublishMeans}</span></span>
            </label>
          ))}
        </div>
      </Section>
      <Section title={words.where}><EnvironmentChoice environments={environments} value={environment.name} onChange={(name) => change({ in: name })} /></Section>
      <Section title={words.what}>
        {picks.length > 0 && (
          <ul className={classes.list} style={{ marginBottom: 10, maxHeight: 420, overflowY: 'auto' }}>
            {paths.map((path) => (
              <li key={path} className={classes.item}>
                <span className={classes.path} title={path}>{path}</span>
                <ActionIcon variant="subtle" color="gray" aria-label={words.takeOut(path)} onClick={() => change({ prompts: writePicks(withPick(picks, path, null)) })}><IconX size={16} /></ActionIcon>
              </li>
            ))}
          </ul>
        )}
        <PromptSearch project={project} label={words.addPrompt} without={paths} environment={environment.name} onPick={(path) => change({ prompts: writePicks(withPick(picks, path, { path })) })} />
      </Section>
      <Section title={words.reach}><Reach project={project} environment={environment.name} /></Section>
      <Section title={words.why}><ReasonFields why={why} onChange={setWhy} /></Section>
      <Problem fault={stop.error} project={project} environment={environment.name} onAgain={() => stop.reset()} />
    </SheetFrame>
  );
}
