/** Whether changes of others appear by themselves: a small mark in the bar, only within a project. */
import { Tooltip } from '@mantine/core';
import { IconAccessPoint, IconAccessPointOff } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { useLiveState } from '@/api/live';
import { strings } from '@/strings';
import classes from './frame.module.css';

export function LiveMark() {
  const { project } = useParams({ strict: false });
  const live = useLiveState();
  if (project === undefined) return null;
  const label = live ? strings.frame.live : strings.frame.notLive;
  return (
    <Tooltip label={label}>
      <span className={classes.liveMark} data-live={live} role="img" aria-label={label}>{live ? <IconAccessPoint size={16} aria-hidden /> : <IconAccessPointOff size={16} aria-hidden />}</span>
    </Tooltip>
  );
}
