/** What can be done with a version. The menu is made when it is first opened: there may be a thousand rows. */
import { ActionIcon, Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import type { VersionInHistory } from '@/api/schema';
import { links } from '@/links';
import { useGo } from '@/parts/navigate';
import { strings } from '@/strings';

const words = strings.history.panel;

export interface VersionMenuProps {
  readonly project: string;
  readonly path: string;
  readonly version: VersionInHistory;
  readonly newest: number | undefined;
  readonly onRestore: (version: VersionInHistory) => void;
}

export function VersionMenu({ project, path, version, newest, onRestore }: VersionMenuProps) {
  const go = useGo();
  const button = useRef<HTMLButtonElement>(null);
  const [opened, open] = useState(false);
  const [made, make] = useState(false);
  const number = version.version;
  const here = version.path === path;
  const target = (
    <ActionIcon
      ref={button} variant="subtle" color="gray" aria-label={words.actions(number)} aria-haspopup="menu" aria-expanded={opened}
      onClick={() => {
        make(true);
        open(!opened);
      }}
    >
      <IconDots size={16} />
    </ActionIcon>
  );
  if (!made) return target;
  const close = (): void => {
    open(false);
    button.current?.focus();
  };
  return (
    <Menu opened={opened} onChange={(next) => !next && close()} position="bottom-end" width={250} returnFocus>
      <Menu.Target>{target}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => go(links.prompt(project, version.path, { v: number }))}>{words.openVersion}</Menu.Item>
        {version.parent !== null && <Menu.Item onClick={() => go(links.diff(project, version.path, version.parent ?? 0, number))}>{words.withBefore}</Menu.Item>}
        {here && newest !== undefined && newest !== number && <Menu.Item onClick={() => go(links.diff(project, path, number, newest))}>{words.withNewest}</Menu.Item>}
        {here && <Menu.Item onClick={() => go(links.reviews(project, { new: `${path}@${number}` }))}>{words.askReview}</Menu.Item>}
        {here && newest !== number && <Menu.Item onClick={() => onRestore(version)}>{words.restore}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}
