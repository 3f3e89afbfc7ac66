/** One message: role, text with pills and problems, and moving or removing it. */
import { ActionIcon, Button, TextInput, Tooltip } from '@mantine/core';
import type { Extension } from '@codemirror/state';
import { IconArrowDown, IconArrowUp, IconTrash } from '@tabler/icons-react';
import { memo, useEffect, useMemo, useRef } from 'react';
import { CodeEditor } from '@/parts/code/CodeEditor';
import { strings } from '@/strings';
import { changed, ROLES, type Message, type Part } from '../document';
import { faultsAt, namedIn, rangeOf, type Fault } from '../problems';
import classes from '../prompt.module.css';
import { FaultLine } from './ProblemList';

const words = strings.prompt;

interface Props {
  readonly at: number;
  readonly count: number;
  readonly message: Message;
  readonly name: string;
  readonly faults: readonly Fault[];
  readonly kit: Extension;
  readonly onChange?: (message: Message) => void;
  readonly onMove?: (to: number) => void;
  readonly onRemove?: () => void;
  readonly onFix?: ((variable: string) => void) | undefined;
}

export function MessageRow({ at, count, message, name, faults, kit, onChange, onMove, onRemove, onFix }: Props) {
  const role = message.role ?? '';
  const label = words.message(at + 1, message.placeholder === undefined ? role : words.placeholder);
  return (
    <div className={classes.message} id={name}>
      <div className={classes.roleSide}>
        {message.placeholder !== undefined ? <span className={classes.roleText}>{words.placeholder}</span> : onChange ? (
          <select className={classes.roleSelect} aria-label={`${words.role}, ${words.message(at + 1, role)}`} value={role} onChange={(event) => onChange({ ...message, role: event.target.value })}>
            {[...new Set([...ROLES, role])].map((one) => <option key={one} value={one}>{one}</option>)}
          </select>
        ) : <span className={classes.roleText}>{role}</span>}
        {onChange && (
          <div className={classes.tools}>
            <Tool label={`${words.moveUp}: ${label}`} disabled={at === 0} onClick={() => onMove?.(at - 1)}><IconArrowUp size={14} /></Tool>
            <Tool label={`${words.moveDown}: ${label}`} disabled={at === count - 1} onClick={() => onMove?.(at + 1)}><IconArrowDown size={14} /></Tool>
            <Tool label={words.removeNamed(label)} onClick={() => onRemove?.()}><IconTrash size={14} /></Tool>
          </div>
        )}
      </div>
      <div style={{ minWidth: 0 }}>
        <Content label={label} message={message} name={name} faults={faults} kit={kit} onChange={onChange} onFix={onFix} />
        {faults.map((fault, index) => {
          const variable = onFix && fault.rule === 'undefined-variable' ? namedIn(fault) : null;
          return <FaultLine key={index} fault={fault}>{variable !== null && <Button size="compact-xs" variant="light" ml={8} onClick={() => onFix?.(variable)}>{words.declare(variable)}</Button>}</FaultLine>;
        })}
      </div>
    </div>
  );
}

function Tool({ label, disabled = false, onClick, children }: { readonly label: string; readonly disabled?: boolean; readonly onClick: () => void; readonly children: React.ReactNode }) {
  return <Tooltip label={label}><ActionIcon variant="subtle" color="gray" size={26} aria-label={label} disabled={disabled} onClick={onClick}>{children}</ActionIcon></Tooltip>;
}

type ContentProps = Pick<Props, 'message' | 'name' | 'faults' | 'kit' | 'onChange' | 'onFix'> & { readonly label: string };

function Content({ label, message, name, faults, kit, onChange, onFix }: ContentProps) {
  // A text box is drawn anew for its text alone: what it writes into is the message as it is then, its role included.
  const latest = useRef(message);
  useEffect(() => {
    latest.current = message;
  }, [message]);
  if (message.placeholder !== undefined) {
    return <TextInput aria-label={label} description={words.placeholderHint} value={message.placeholder} readOnly={!onChange} onChange={(event) => onChange?.({ ...message, placeholder: event.currentTarget.value })} />;
  }
  if (Array.isArray(message.content)) {
    const parts = message.content as readonly Part[];
    const now = (): readonly Part[] => latest.current.content as readonly Part[];
    const set = (at: number, part: Part): void => onChange?.({ ...latest.current, content: changed(now(), at, part) });
    return (
      <>
        {parts.map((part, at) => (typeof part.text === 'string'
          ? <TextBox key={at} label={`${label}, ${words.part(at + 1)}`} text={part.text} faults={faultsAt(faults, `${name}.content[${at}].text`)} kit={kit} onFix={onFix} onText={onChange && ((text) => set(at, { ...(now()[at] ?? part), text }))} />
          : <JsonBox key={at} label={`${label}, ${words.part(at + 1)}`} value={part} onValue={onChange && ((value) => set(at, value as Part))} />))}
      </>
    );
  }
  return <TextBox label={label} text={typeof message.content === 'string' ? message.content : ''} faults={faultsAt(faults, `${name}.content`)} kit={kit} onFix={onFix} onText={onChange && ((content) => onChange({ ...latest.current, content }))} />;
}

function JsonBox({ label, value, onValue }: { readonly label: string; readonly value: unknown; readonly onValue: ((value: unknown) => void) | undefined }) {
  const text = useMemo(() => JSON.stringify(value, null, 2), [value]);
  const read = (said: string): void => {
    try {
      onValue?.(JSON.parse(said));
    } catch {
      // Not JSON yet: the last valid value stays.
    }
  };
  return <CodeEditor label={label} language="json" lineNumbers={false} value={text} readOnly={!onValue} onChange={read} />;
}

interface TextBoxProps { readonly label: string; readonly text: string; readonly faults: readonly Fault[]; readonly kit: Extension; readonly onText: ((text: string) => void) | undefined; readonly onFix: ((variable: string) => void) | undefined }

const TextBox = memo(function TextBox({ label, text, faults, kit, onText, onFix }: TextBoxProps) {
  // Places are those of the text that was checked; the editor moves them along until the next check.
  const problems = useMemo(() => faults.map((fault) => {
    const variable = fault.rule === 'undefined-variable' ? namedIn(fault) : null;
    return {
      ...rangeOf(fault, text), severity: fault.severity === 'error' ? 'error' as const : 'warning' as const,
      message: fault.fix === '' ? fault.message : `${fault.message} – ${fault.fix}`,
      ...(variable !== null && onFix ? { actions: [{ name: words.declare(variable), apply: () => onFix(variable) }] } : {}),
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }), [faults]);
  return <CodeEditor label={label} value={text} readOnly={!onText} lineNumbers={false} extensions={kit} problems={problems} {...(onText ? { onChange: onText } : {})} />;
}, (before, after) => before.text === after.text && before.kit === after.kit && before.label === after.label && sameFaults(before.faults, after.faults) && (before.onText === undefined) === (after.onText === undefined));

function sameFaults(one: readonly Fault[], other: readonly Fault[]): boolean {
  return one.length === other.length && one.every((fault, at) => fault === other[at]);
}
