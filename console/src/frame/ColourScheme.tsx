/** Light, dark, or as the system has it; kept in this browser. */
import { Menu, useMantineColorScheme } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { strings } from '@/strings';

const words = strings.frame;
const CHOICES = [['light', words.light], ['dark', words.dark], ['auto', words.system]] as const;

export function ColourScheme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <>
      <Menu.Label>{words.theme}</Menu.Label>
      {CHOICES.map(([value, label]) => (
        <Menu.Item key={value} closeMenuOnClick={false} rightSection={colorScheme === value ? <IconCheck size={14} /> : null} onClick={() => setColorScheme(value)}>
          {label}
        </Menu.Item>
      ))}
    </>
  );
}
