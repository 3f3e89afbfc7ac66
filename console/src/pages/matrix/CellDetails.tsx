/** What the verdict of one cell follows from, and what can be done about it. */
import { Button, Group } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { useCan } from '@/api/session';
import type { CellOut, RowOut } from '@/api/schema';
import { links } from '@/links';
import { LinkButton } from '@/parts/LinkButton';
import { AppLink } from '@/parts/AppLink';
import { VersionChip } from '@/parts/Chip';
import { Person } from '@/parts/Person';
import { dollars } from '@/parts/money';
import { Facts } from '@/parts/Page';
import { duration, Time } from '@/parts/Time';
import { Verdict } from '@/parts/Verdict';
import { strings } from '@/strings';
import { History } from './History';
import { Rule } from './Rule';
import { percent } from './shape';
import classes from './matrix.module.css';

const words = strings.matrix;

export function CellDetails({ project, row, cell }: { readonly project: string; readonly row: RowOut; readonly cell: CellOut }) {
  const may = useCan('test:run', `${project}/${row.path}`);
  const number = cell.run;
  const run = useQuery({
    queryKey: projectKey(project, 'runs', 'one', number),
    enabled: number !== null,
    queryFn: () => data(api.GET('/api/v1/projects/{project}/runs/{number}', { params: { path: { project, number: number ?? 0 } } })),
  });
  const denied = may?.allowed === false ? may.reason : undefined;
  const again = number === null ? words.runFirst : words.runAgain;
  const failing = Object.entries(cell.failing);
  const errors = Object.entries(cell.errors);
  return (
    <>
      <Facts title={words.selected}>
        <p style={{ margin: '0 0 2px', fontWeight: 600, overflowWrap: 'anywhere' }}><AppLink href={links.prompt(project, row.path, { tab: 'tests' })}>{row.path}</AppLink></p>
        <p style={{ margin: '0 0 10px', color: 'var(--ink-soft)' }}>{cell.target}</p>
        <p style={{ margin: '0 0 4px', fontSize: 16, fontWeight: 600 }}><Verdict verdict={cell.verdict} /></p>
        <p style={{ margin: 0 }}>{cell.words}</p>
        {cell.verdict === 'out_of_date' && cell.tested && <p style={{ margin: '4px 0 0' }}>{words.wasThen(strings.testing.verdicts[cell.tested])}</p>}
        {cell.bound !== null && <p style={{ margin: '6px 0 0', color: 'var(--ink-soft)', fontSize: 13 }}>{words.bound(percent(cell.bound))}</p>}
        <Group gap={8} mt={12}>
          {number !== null && <LinkButton size="xs" href={links.run(project, number, { target: cell.target })}>{words.openRun}</LinkButton>}
          {denied === undefined ? (
            <LinkButton size="xs" variant={number === null ? 'filled' : 'default'} leftSection={<IconPlayerPlay size={14} />} href={links.runs(project, { start: 1, prompt: row.path, targets: cell.target })}>{again}</LinkButton>
          ) : <Button size="xs" disabled title={denied}>{again}</Button>}
        </Group>
      </Facts>
      {cell.reasons.length > 0 && <Facts title={words.reasons}><ul className={classes.plain}>{cell.reasons.map((reason) => <li key={reason.what}>{reason.words}</li>)}</ul></Facts>}
      {failing.length > 0 && (
        <Facts title={words.failing}>
          {failing.map(([check, cases]) => (
            <div key={check} style={{ marginBottom: 8 }}>
              <strong>{check}</strong>
              <ul className={classes.plain}>{cases.map((name) => <li key={name} style={{ overflowWrap: 'anywhere' }}>{number === null ? name : <AppLink href={links.run(project, number, { case: name, target: cell.target })}>{name}</AppLink>}</li>)}</ul>
            </div>
          ))}
        </Facts>
      )}
      {errors.length > 0 && <Facts title={words.errors}><ul className={classes.plain}>{errors.map(([fault, calls]) => <li key={fault}>{fault.replaceAll('_', ' ')}: {words.calls(calls)}</li>)}</ul></Facts>}
      {number !== null && (
        <Facts title={words.when}>
          <dl className={classes.facts}>
            <dt>{words.when}</dt><dd><Time at={cell.tested_at} /> {run.data && <>{words.by} <Person name={run.data.created_by} /></>}</dd>
            {cell.version !== null && <><dt>{words.tested}</dt><dd><VersionChip project={project} path={row.path} version={cell.version} /></dd></>}
            <dt>{words.cases}</dt><dd>{words.passed(cell.passed, cell.cases)}</dd>
            {cell.suites.length > 0 && <><dt>{words.suites}</dt><dd>{cell.suites.join(', ')}</dd></>}
            {cell.model && <><dt>{words.answersAs}</dt><dd>{cell.model}</dd></>}
            <dt>{strings.testing.cost}</dt><dd>{dollars(cell.cost)}</dd>
            {cell.latency_ms !== null && <><dt>{strings.testing.ms}</dt><dd>{duration(cell.latency_ms)}</dd></>}
          </dl>
        </Facts>
      )}
      <History project={project} path={row.path} target={cell.target} />
      <Rule />
    </>
  );
}
