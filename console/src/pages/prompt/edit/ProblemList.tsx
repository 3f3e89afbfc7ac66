/** Problems of the prompt: all of them in a list that leads to each, and one as a line under its text. */
import { Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { strings } from '@/strings';
import type { Fault } from '../problems';
import classes from '../prompt.module.css';

const words = strings.prompt;

function Mark({ severity }: { readonly severity: string }) {
  return severity === 'error'
    ? <IconCircleX size={15} color="var(--bad)" aria-label={words.error} style={{ flex: 'none' }} />
    : <IconAlertTriangle size={15} color="var(--warn)" aria-label={words.warning} style={{ flex: 'none' }} />;
}

export function FaultLine({ fault, children }: { readonly fault: Fault; readonly children?: ReactNode }) {
  return (
    <div className={classes.fault} data-severity={fault.severity}>
      <Mark severity={fault.severity} />
      <span>{fault.message}{fault.fix !== '' && <span className={classes.fix}>{` – ${fault.fix}`}</span>}{children}</span>
    </div>
  );
}

/** Brings the text a fault is about into view: the nearest part of the page with its key. */
function show(fault: Fault): void {
  for (let key = fault.key; key !== ''; key = key.replace(/(\.[^.[]+|\[[^\]]*\]|^[^.[]+)$/, '')) {
    const found = document.getElementById(key);
    if (found) {
      found.scrollIntoView({ block: 'center' });
      found.querySelector<HTMLElement>('.cm-content, input, textarea, select')?.focus();
      return;
    }
  }
}

export function ProblemList({ faults }: { readonly faults: readonly Fault[] }) {
  return (
    <section className={classes.section} aria-label={words.problems}>
      <div className={classes.sectionHead}><h2>{words.problems}</h2></div>
      {faults.length === 0 ? (
        <Text size="sm" c="dimmed" style={{ display: 'flex', gap: 6, alignItems: 'center' }}><IconCircleCheck size={15} aria-hidden />{words.noProblems}</Text>
      ) : (
        <ul className={classes.problems}>
          {faults.map((fault, at) => (
            <li key={at}>
              <button type="button" onClick={() => show(fault)}>
                <Mark severity={fault.severity} />
                <span>{fault.message} <span className={classes.where}>{fault.key === '' ? `${words.file} ${fault.line}` : fault.key}{fault.fix === '' ? '' : ` · ${fault.fix}`}</span></span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
