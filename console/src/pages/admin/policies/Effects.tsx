/** What a policy would change, sample by sample. */
import { Text } from '@mantine/core';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import type { CanOut, EffectOut } from '@/api/schema';
import { Chip } from '@/parts/Chip';
import { strings } from '@/strings';
import classes from '../admin.module.css';

const words = strings.admin.policies;

function Answer({ label, can }: { readonly label: string; readonly can: CanOut }) {
  return <Chip tone={can.allowed ? 'good' : 'bad'} icon={can.allowed ? IconCircleCheck : IconCircleX}>{`${label} ${can.allowed ? words.yes : words.no}`}</Chip>;
}

export function Effects({ effects }: { readonly effects: readonly EffectOut[] }) {
  return effects.map((effect, at) => (
    <div key={at} className={classes.answer}>
      <div style={{ minWidth: 0 }}>
        <div className={classes.chips}>
          <span className={classes.name}>{effect.who}</span>
          <Answer label={words.before} can={effect.before} />
          <Answer label={words.after} can={effect.after} />
          <Chip tone={effect.changed ? 'warn' : 'idle'}>{effect.changed ? words.changed : words.same}</Chip>
        </div>
        <Text size="sm" mt={2}>{effect.after.reason}</Text>
        {!effect.after.allowed && effect.after.remedy && <Text size="sm" c="dimmed">{effect.after.remedy}</Text>}
      </div>
    </div>
  ));
}
