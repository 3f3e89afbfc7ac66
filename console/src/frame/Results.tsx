/** The list of what background work brought. */
import { ActionIcon, Popover, Text } from '@mantine/core';
import { IconBell } from '@tabler/icons-react';
import { useState } from 'react';
import { AppLink } from '@/parts/AppLink';
import { useResults } from '@/parts/results';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import classes from './frame.module.css';

const words = strings.frame;

export function Results() {
  const results = useResults();
  const [seen, setSeen] = useState(0);
  const [open, setOpen] = useState(false);
  const newest = results[0]?.id ?? 0;
  const show = (now: boolean): void => {
    setOpen(now);
    setSeen(newest);
  };
  const label = newest > seen ? `${words.results}: ${words.resultsCount(newest - seen)}` : words.results;
  return (
    <Popover opened={open} onChange={show} position="bottom-end" width={340} shadow="md" trapFocus>
      <Popover.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} onClick={() => show(!open)} pos="relative">
          <IconBell size={20} stroke={1.6} />
          {newest > seen && <span className={classes.unread} />}
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        {results.length === 0 ? <Text size="sm" c="dimmed">{words.noResults}</Text> : (
          <ul className={classes.resultList}>
            {results.map(({ id, text, href, at }) => (
              <li key={id}>{href === undefined ? text : <AppLink href={href} onClick={() => setOpen(false)}>{text}</AppLink>} <Text span size="xs" c="dimmed"><Time at={at} /></Text></li>
            ))}
          </ul>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
