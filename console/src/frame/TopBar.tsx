/** The bar: where am I, search, my work, me. */
import { ActionIcon, Menu } from '@mantine/core';
import { IconUserCircle } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { api, rememberCsrf } from '@/api/client';
import { queries } from '@/api/queries';
import { useMe } from '@/api/session';
import { links } from '@/links';
import { useGo } from '@/parts/navigate';
import { strings } from '@/strings';
import { Breadcrumbs } from './Breadcrumbs';
import { ColourScheme } from './ColourScheme';
import { Palette } from './Palette';
import classes from './frame.module.css';

const words = strings.frame;

export function TopBar() {
  const me = useMe();
  const go = useGo();
  const signOut = useMutation({
    mutationFn: () => api.DELETE('/api/v1/session'),
    onSettled: () => {
      rememberCsrf(null);
      queries.clear();
      go(links.signIn());
    },
  });
  return (
    <header className={classes.bar}>
      <Breadcrumbs />
      <div className={classes.barEnd}>
        <Palette />
        <Menu position="bottom-end" width={220}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label={words.account}><IconUserCircle size={22} stroke={1.6} /></ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{me?.name}</Menu.Label>
            <Menu.Item onClick={() => go(links.account())}>{words.account}</Menu.Item>
            <ColourScheme />
            <Menu.Divider />
            <Menu.Item onClick={() => signOut.mutate()}>{words.signOut}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
    </header>
  );
}
