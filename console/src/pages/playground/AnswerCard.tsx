/** What one target answers, as it comes. */
import { Button, Loader } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconDeviceFloppy } from '@tabler/icons-react';
import { Chip } from '@/parts/Chip';
import { dollars } from '@/parts/money';
import { duration } from '@/parts/Time';
import { strings } from '@/strings';
import type { Answer } from './play';
import classes from './playground.module.css';

const words = strings.playground;

export function AnswerCard({ answer, onSave }: { readonly answer: Answer; readonly onSave: () => void }) {
  const { usage, tokensIn } = answer;
  const over = answer.state === 'done';
  return (
    <section className={classes.answer} aria-label={answer.target} aria-busy={answer.state === 'waiting' || answer.state === 'writing'}>
      <div className={classes.head}>
        {answer.target}
        {answer.model && <span className={classes.soft} style={{ fontWeight: 400 }}>{answer.model}</span>}
        <span style={{ marginLeft: 'auto', fontWeight: 400 }}>
          {over && <Chip tone="good" icon={IconCheck}>{words.done}</Chip>}
          {answer.state === 'error' && <Chip tone="bad" icon={IconAlertTriangle}>{words.error}</Chip>}
          {answer.state === 'stopped' && <Chip tone="idle">{words.stopped}</Chip>}
          {(answer.state === 'waiting' || answer.state === 'writing') && <Loader size={16} aria-label={answer.state === 'writing' ? words.writing : words.waiting} />}
        </span>
      </div>
      <div className={classes.body}>
        {answer.state === 'waiting' && <span className={classes.soft}>{words.waiting}</span>}
        {answer.state === 'error' && <span>{`${(words.faults[answer.fault ?? ''] ?? answer.fault ?? '').replaceAll('_', ' ')}: ${answer.detail ?? ''}`}</span>}
        {answer.reasoning && <details><summary className={classes.soft}>{words.reasoning}</summary><pre className={classes.text}>{answer.reasoning}</pre></details>}
        <pre className={classes.text}>{answer.text}</pre>
        {answer.refusal && <p className={classes.soft}>{`${words.refusal}: ${answer.refusal}`}</p>}
        {answer.toolCalls && answer.toolCalls.length > 0 && <><p className={classes.soft}>{words.toolCalls}</p><pre className={classes.text}>{JSON.stringify(answer.toolCalls, null, 2)}</pre></>}
        {answer.notes.length > 0 && (
          <div className={classes.notes}>
            {words.notes}
            <ul>{answer.notes.map((note) => <li key={`${note.rule}:${note.parameter ?? ''}`}>{note.what}</li>)}</ul>
          </div>
        )}
      </div>
      <div className={classes.foot}>
        {answer.latencyMs !== undefined && <span>{strings.runs.latency(duration(answer.latencyMs), answer.firstTokenMs == null ? null : duration(answer.firstTokenMs))}</span>}
        {usage?.input != null && <span>{words.tokens(usage.input.toLocaleString('en'), usage.output?.toLocaleString('en') ?? '?')}</span>}
        {!usage && tokensIn && <span>{words.tokensIn(tokensIn.count.toLocaleString('en'), tokensIn.exact)}</span>}
        {over ? <span>{answer.cost == null ? strings.testing.unknownPrice : dollars(answer.cost)}</span> : answer.mostCost != null && <span>{words.most(dollars(answer.mostCost))}</span>}
        {over && <Button size="compact-xs" variant="default" leftSection={<IconDeviceFloppy size={14} />} onClick={onSave}>{words.save}</Button>}
      </div>
    </section>
  );
}
