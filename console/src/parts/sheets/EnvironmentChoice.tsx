/** Choosing an environment, in the order of promotion. */
import { SegmentedControl, Select } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import type { Environment } from '@/api/releases';
import { strings } from '@/strings';

export interface EnvironmentChoiceProps {
  readonly environments: readonly Environment[];
  readonly value: string;
  readonly onChange: (name: string) => void;
  readonly label?: string;
}

export function EnvironmentChoice({ environments, value, onChange, label = strings.sheets.where }: EnvironmentChoiceProps) {
  const roomy = useMediaQuery('(min-width: 720px)', true, { getInitialValueInEffect: false });
  const names = environments.map(({ name }) => name);
  if (roomy && names.length <= 5 && names.join('').length < 70) {
    return <SegmentedControl aria-label={label} data={names} value={value} onChange={onChange} />;
  }
  return <Select aria-label={label} data={names} value={value} onChange={(name) => name && onChange(name)} allowDeselect={false} searchable={names.length > 8} />;
}
