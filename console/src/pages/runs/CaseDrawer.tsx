/** One case: what every target answered, beside each other, with scores and reasons. */
import { Button, Code, Drawer, Group } from '@mantine/core';
import { useState } from 'react';
import type { ResultOut } from '@/api/schema';
import { dollars } from '@/parts/money';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { duration } from '@/parts/Time';
import { strings } from '@/strings';
import { Mark } from './Mark';
import { outcomeOf, suiteName, textOf, type CaseRow } from './results';
import { useWholeResult } from './useRun';
import own from './runs.module.css';

const words = strings.runs;

export interface CaseDrawerProps {
  readonly project: string;
  readonly number: number;
  readonly row: CaseRow | undefined;
  /** One target alone. */
  readonly only?: string;
  readonly onAll: () => void;
  readonly onClose: () => void;
}

export function CaseDrawer({ project, number, row, only, onAll, onClose }: CaseDrawerProps) {
  const calls = row ? [...row.cells].filter(([target]) => only === undefined || target === only).flatMap(([, results]) => results) : [];
  return (
    <Drawer opened={row !== undefined} onClose={onClose} position="right" size="min(1280px, 94vw)" title={row ? `${row.label} · ${suiteName(row.suite)}` : ''} closeButtonProps={{ 'aria-label': words.close }}>
      {row && (
        <>
          {only !== undefined && row.cells.size > 1 && <Group mb="sm"><Button size="xs" variant="default" onClick={onAll}>{words.showAll}</Button></Group>}
          <div className={own.sides}>{calls.map((result) => <Side key={result.ordinal} project={project} number={number} result={result} repeated={calls.length > row.cells.size} />)}</div>
        </>
      )}
    </Drawer>
  );
}

function Side({ project, number, result, repeated }: { readonly project: string; readonly number: number; readonly result: ResultOut; readonly repeated: boolean }) {
  const whole = useWholeResult(project, number, result.ordinal);
  const text = textOf(whole.data?.reply);
  return (
    <section className={own.side} aria-label={result.target}>
      <div className={own.sideHead}>{result.target}{repeated && <span className={own.soft}>{words.repeatOf(result.repeat)}</span>}<Mark outcome={outcomeOf(result)} /></div>
      <div className={own.sideBody}>
        {result.detail && <p style={{ margin: '0 0 8px' }}>{[result.fault?.replaceAll('_', ' '), result.detail].filter(Boolean).join(': ')}</p>}
        <Refusal fault={whole.error} />
        {whole.isPending && <Waiting lines={3} />}
        {whole.data && result.state === 'done' && <pre className={own.text}>{whole.data.reply === null ? words.notKept : text || words.noText}</pre>}
        <Scores result={result} />
        <div className={own.numbers}>
          {result.latency_ms !== null && <span>{words.latency(duration(result.latency_ms), result.first_token_ms === null ? null : duration(result.first_token_ms))}</span>}
          {result.input_tokens !== null && <span>{words.tokens(String(result.input_tokens), String(result.output_tokens ?? '?'))}</span>}
          {result.state === 'done' && <span>{result.reused ? words.fromStore : result.cost === null ? strings.testing.unknownPrice : dollars(result.cost)}</span>}
          {result.model && <span>{result.model}</span>}
        </div>
        {whole.data?.request && <More label={words.request} value={whole.data.request} />}
        {whole.data?.reply && <More label={words.reply} value={whole.data.reply} />}
      </div>
    </section>
  );
}

function Scores({ result }: { readonly result: ResultOut }) {
  if (result.scores.length === 0) return null;
  return (
    <ul className={own.scores} aria-label={words.scores}>
      {result.scores.map((score) => (
        <li key={score.check}>
          <Mark bare outcome={score.passed === true ? 'passed' : score.passed === false ? 'failed' : 'unchecked'} />
          <span><strong>{score.check}</strong>{!score.required && ` (${words.advisory})`}{score.detail && <span className={own.soft}>{` ${score.detail}`}</span>}</span>
        </li>
      ))}
    </ul>
  );
}

function More({ label, value }: { readonly label: string; readonly value: unknown }) {
  const [open, setOpen] = useState(false);
  return (
    <div style={{ marginTop: 8 }}>
      <Button size="compact-xs" variant="subtle" aria-expanded={open} onClick={() => setOpen(!open)}>{label}</Button>
      {open && <Code block style={{ maxHeight: 320, overflow: 'auto', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{JSON.stringify(value, null, 2)}</Code>}
    </div>
  );
}
