/** What a publish would come to: the diffs, and the conditions. */
import { Alert, List } from '@mantine/core';
import { memo, useMemo, useState } from 'react';
import { isProblem } from '@/api/problem';
import type { Environment, Preview } from '@/api/releases';
import { usePathname } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { ChangeList } from '../ChangeList';
import { checklist } from '../gate';
import { GateList } from '../GateList';
import { Section } from '../SheetFrame';
import classes from '../sheets.module.css';

const words = strings.sheets;

export interface OutlookProps {
  readonly project: string;
  readonly environment: Environment;
  readonly emergency: boolean;
  readonly data: Preview | undefined;
  readonly error: unknown;
  readonly isFetching: boolean;
  readonly onField: (field: 'ticket' | 'when') => void;
}

/** Drawn anew when the answer changes, not when somebody types a reason. */
export const Outlook = memo(function Outlook({ project, environment, emergency, data, error, isFetching, onField }: OutlookProps) {
  if (error && !isFetching) {
    const nothing = isProblem(error, 409) && error.problem.type.endsWith(':nothing-to-publish');
    return <Section title={words.changes}>{nothing ? <p className={classes.soft}>{words.nothingChanges}</p> : <Refusal fault={error} />}</Section>;
  }
  // An answer about another environment says nothing about this one.
  if (!data || data.environment !== environment.name) return <Section title={words.changes}><Waiting lines={4} /></Section>;
  return <Known key={environment.name} project={project} environment={environment} emergency={emergency} data={data} isFetching={isFetching} onField={onField} />;
});

function Known({ project, environment, emergency, data, isFetching, onField }: Omit<OutlookProps, 'data' | 'error'> & { readonly data: Preview }) {
  const here = usePathname();
  const [seen] = useState(data.on);
  const groups = useMemo(() => checklist(data.unmet, { project, environment, prompts: data.prompts, here }, emergency), [data, project, environment, here, emergency]);
  return (
    <>
      <Section title={words.changes} aside={isFetching ? words.checking : data.prompts.length > 0 ? words.summary(data.prompts.length, data.unchanged.length) : undefined}>
        {seen !== data.on && <Alert mb={10} color="orange" variant="light">{words.moved(environment.name, data.on)}</Alert>}
        {data.prompts.length === 0 ? <p className={classes.soft}>{words.nothingChanges}</p> : <ChangeList project={project} items={data.prompts} from={environment.name} />}
        {'promoted_from' in data && <Promoted of={data.promoted_from} />}
      </Section>
      <Section title={words.conditions} aside={!data.allowed ? words.gate.count(data.unmet.length) : emergency ? undefined : words.gate.allMet}>
        {emergency && <p className={classes.soft} style={{ margin: '0 0 10px' }}>{words.gate.waived}</p>}
        {!(emergency && groups.length === 0) && <GateList groups={groups} onField={onField} />}
      </Section>
    </>
  );
}

type PromotedOut = Extract<Preview, { promoted_from: unknown }>['promoted_from'];

function Promoted({ of }: { readonly of: PromotedOut }) {
  return (
    <div className={classes.soft} style={{ marginTop: 10 }}>
      {words.promoted(of.environment, of.release)}
      {of.left_out.length > 0 && (
        <>
          {`. ${words.leftOut(of.left_out.length)}:`}
          <List size="sm">{of.left_out.slice(0, 20).map(({ path, version, why }) => <List.Item key={path}>{`${path}@${version}: ${why}`}</List.Item>)}</List>
        </>
      )}
      {of.only_here.length > 0 && <div>{`${words.onlyHere(of.only_here.length)}: ${of.only_here.slice(0, 5).map(({ path }) => path).join(', ')}${of.only_here.length > 5 ? '…' : ''}`}</div>}
    </div>
  );
}
