/** The command palette's button; the palette itself is loaded when it is first opened. */
import { UnstyledButton } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { links } from '@/links';
import { useGo } from '@/parts/navigate';
import { strings } from '@/strings';
import classes from './frame.module.css';

export function Palette() {
  const go = useGo();
  return (
    <UnstyledButton className={classes.search} onClick={() => go(links.search())}>
      <IconSearch size={16} aria-hidden />
      <span>{strings.frame.search}</span>
    </UnstyledButton>
  );
}
