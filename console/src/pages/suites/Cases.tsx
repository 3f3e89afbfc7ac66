/** Cases and checks of a suite in words. */
import { useDeferredValue, useMemo } from 'react';
import type { SuiteOut } from '@/api/schema';
import { Chip } from '@/parts/Chip';
import { strings } from '@/strings';
import { checkWords } from './checkWords';
import table from '@/parts/parts.module.css';
import classes from './suites.module.css';

const words = strings.suites;
type Contents = NonNullable<SuiteOut['contents']>;

/** Cases of the first picture; a thousand rows more come right after it. */
const FIRST = 50;

export function Cases({ contents, all }: { readonly project: string; readonly contents: Contents; readonly all: number }) {
  const first = useMemo(() => contents.cases.slice(0, FIRST), [contents]);
  const cases = useDeferredValue(contents.cases, first);
  return (
    <>
      <h2 style={{ fontSize: 15, margin: '0 0 6px' }}>{words.everyAnswer}</h2>
      {contents.checks.length === 0 ? <p className={classes.soft}>{words.noChecks}</p> : <Checks checks={contents.checks} />}
      <div className={table.scroll} style={{ marginTop: 20 }}>
        <table className={table.table}>
          <caption hidden>{words.cases}</caption>
          <thead><tr><th>{words.case}</th><th>{words.inputs}</th><th>{words.expected}</th><th>{words.ownChecks}</th></tr></thead>
          <tbody>
            {cases.map((one) => (
              <tr key={one.key}>
                <td style={{ minWidth: 120 }}>{one.name || <span className={classes.soft}>{one.key.slice(0, 18)}</span>} {one.tags.map((tag) => <Chip key={tag}>{tag}</Chip>)}</td>
                <td style={{ minWidth: 260, maxWidth: 560 }}>
                  <dl className={classes.inputs}>{Object.entries(one.inputs).map(([name, value]) => [<dt key={`${name}:`}>{name}</dt>, <dd key={name}>{said(value)}</dd>])}</dl>
                </td>
                <td style={{ minWidth: 140 }}>{one.expected !== null && said(one.expected)}</td>
                <td style={{ minWidth: 160 }}>{one.checks.length > 0 && <Checks checks={one.checks} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {contents.cases.length < all && <p className={classes.soft}>{words.firstCases(contents.cases.length, all)}</p>}
    </>
  );
}

function Checks({ checks }: { readonly checks: Contents['checks'] }) {
  return (
    <ul className={classes.checks}>
      {checks.map((check) => (
        <li key={check.name}><strong>{check.name}</strong>{`: ${checkWords(check.kind, check.settings)}`}{!check.required && <span className={classes.soft}>{` (${words.advisory})`}</span>}</li>
      ))}
    </ul>
  );
}

function said(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
