/** The gate as a checklist: what is met, what is not, and the place that fixes it. */
import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { useState } from 'react';
import { AppLink } from '@/parts/AppLink';
import { strings } from '@/strings';
import { remedyOf, type Condition, type Fix, type Group } from './gate';
import classes from './sheets.module.css';

const words = strings.sheets.gate;
const FIRST = 5;

export interface GateListProps {
  readonly groups: readonly Group[];
  /** Move to a field of the sheet. */
  readonly onField: (field: 'ticket' | 'when') => void;
}

export function GateList({ groups, onField }: GateListProps) {
  if (groups.length === 0) return <p className={classes.soft}>{words.noneAsked}</p>;
  return (
    <ul className={classes.checks}>
      {groups.map((group) => <Check key={group.key} group={group} onField={onField} />)}
    </ul>
  );
}

function Check({ group, onField }: { readonly group: Group; readonly onField: GateListProps['onField'] }) {
  const [all, setAll] = useState(false);
  const { conditions, label } = group;
  const met = conditions.length === 0;
  const shown = all ? conditions : conditions.slice(0, FIRST);
  return (
    <li className={classes.check}>
      {met ? <IconCircleCheck size={20} className={classes.met} role="img" aria-label={words.met} /> : <IconCircleX size={20} className={classes.unmet} role="img" aria-label={words.unmet} />}
      <div style={{ minWidth: 0 }}>
        {label}
        {!met && (
          <ul className={classes.unmetList}>
            {shown.map((condition, at) => <Unmet key={at} condition={condition} onField={onField} />)}
          </ul>
        )}
        {conditions.length > shown.length && <Button mt={6} size="compact-xs" variant="subtle" onClick={() => setAll(true)}>{words.more(conditions.length - shown.length)}</Button>}
      </div>
    </li>
  );
}

function Unmet({ condition, onField }: { readonly condition: Condition; readonly onField: GateListProps['onField'] }) {
  const { unmet, fix } = condition;
  const remedy = remedyOf(condition);
  return (
    <li className={classes.condition}>
      <div className={classes.conditionWords}>
        <p>{unmet.detail}</p>
        {remedy && <p>{remedy}</p>}
      </div>
      {fix && <FixButton fix={fix} onField={onField} />}
    </li>
  );
}

function FixButton({ fix, onField }: { readonly fix: Fix; readonly onField: GateListProps['onField'] }) {
  const { copy, copied } = useClipboard();
  if (fix.kind === 'page') return <AppLink href={fix.href}>{fix.label}</AppLink>;
  if (fix.kind === 'field') return <Button size="compact-xs" variant="default" onClick={() => onField(fix.field)}>{fix.label}</Button>;
  return <Button size="compact-xs" variant="default" onClick={() => copy(window.location.href)}>{copied ? words.shared : fix.label}</Button>;
}
