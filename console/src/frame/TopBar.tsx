/** The bar: where am I, search, my work, me. */
import { ActionIcon, Menu } from '@mantine/core';
import { IconUserCircle } from '@tabler/icons-react';
import { useMe } from '@/api/session';
import { links } from '@/links';
import { useGo } from '@/parts/navigate';
import { strings } from '@/strings';
import { Breadcrumbs } from './Breadcrumbs';
import { ColourScheme } from './ColourScheme';
import { LiveMark } from './LiveMark';
import { Palette } from './Palette';
import { Results } from './Results';
import { useSignOut } from './useSignOut';
import classes from './frame.module.css';

const words = strings.frame;

export function TopBar() {
  const me = useMe();
  const go = useGo();
  const signOut = useSignOut();
  return (
    <header className={classes.bar}>
      <Breadcrumbs />
      <div className={classes.barEnd}>
        <LiveMark />
        <Palette />
        <Results />
        <Menu position="bottom-end" width={220}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label={words.account}><IconUserCircle size={22} stroke={1.6} /></ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{me?.name}</Menu.Label>
            <Menu.Item onClick={() => go(links.account())}>{words.account}</Menu.Item>
            <ColourScheme />
            <Menu.Divider />
            <Menu.Item onClick={() => signOut()}>{words.signOut}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
    </header>
  );
}
