/** Choose model targets: by family, with what they cost and why one may not answer. */
import { Button, Checkbox, Group, Stack, Text } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import type { UsableOut } from '@/api/schema';
import { useMe } from '@/api/session';
import { links } from '@/links';
import { strings } from '@/strings';
import { LinkButton } from './LinkButton';
import { Empty } from './Empty';
import { price } from './money';
import { Waiting } from './Page';
import { Refusal } from './Refusal';
import { byFamily, canBeAsked, useTargets } from './targets';

const words = strings.testing.targets;

/** What stands below a target's name. */
export function aboutTarget(target: UsableOut): string {
  const said = [target.model];
  if (target.input_price === 0 && target.output_price === 0) said.push(words.free);
  else if (target.input_price !== null && target.output_price !== null) said.push(words.price(price(target.input_price), price(target.output_price)));
  else said.push(strings.testing.unknownPrice);
  if (!target.credential_there) said.push(words.noCredentials);
  else if (target.check && !target.check.ok) said.push(words.checkFailed(target.check.problem));
  return said.join(' · ');
}

export interface TargetPickerProps {
  readonly project: string;
  readonly value: readonly string[];
  readonly onChange: (names: string[]) => void;
  readonly most?: number;
}

export function TargetPicker({ project, value, onChange, most = 50 }: TargetPickerProps) {
  const targets = useTargets(project);
  if (targets.error) return <Refusal fault={targets.error} />;
  if (!targets.data) return <Waiting lines={3} />;
  if (targets.data.length === 0) return <NoTargets />;
  return (
    <Checkbox.Group value={[...value]} onChange={(names) => onChange(names.slice(0, most))} label={words.label} description={words.chosen(value.length)}>
      <Stack gap={6} mt={6}>
        {byFamily(targets.data).map(([family, members]) => (
          <Stack gap={4} key={family ?? ''}>
            <Text size="xs" fw={600} c="dimmed">{family ?? strings.testing.otherFamily}</Text>
            {members.map((target) => <Checkbox key={target.name} value={target.name} label={target.name} description={aboutTarget(target)} styles={{ body: { alignItems: 'flex-start' } }} />)}
          </Stack>
        ))}
        <Group gap={4}>
          <Button size="compact-xs" variant="subtle" onClick={() => onChange(targets.data.filter(canBeAsked).map(({ name }) => name).slice(0, most))}>{words.all}</Button>
          <Button size="compact-xs" variant="subtle" onClick={() => onChange([])}>{words.clear}</Button>
        </Group>
      </Stack>
    </Checkbox.Group>
  );
}

/** No target yet: what that means, and for administrators the way there. */
export function NoTargets() {
  const admin = useMe()?.admin === true;
  return (
    <Empty icon={IconPlugConnected} title={words.none} action={admin && <LinkButton href={links.admin('models')}>{words.add}</LinkButton>}>
      {words.noneHelp}
    </Empty>
  );
}
