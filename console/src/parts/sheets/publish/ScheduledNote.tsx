/** A release that waits for its time. */
import { Alert, Button, List } from '@mantine/core';
import { IconCalendarTime } from '@tabler/icons-react';
import type { ScheduleAdded } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { exactTime } from '@/parts/Time';
import { strings } from '@/strings';
import { SheetFrame } from '../SheetFrame';

const words = strings.sheets;

export function ScheduledNote({ project, schedule, close }: { readonly project: string; readonly schedule: ScheduleAdded; readonly close: () => void }) {
  return (
    <SheetFrame title={words.scheduled(schedule.environment)} close={close} foot={<Button onClick={close}>{words.done}</Button>}>
      <Alert mt={18} color="green" variant="light" icon={<IconCalendarTime size={18} />} role="status">
        {`${words.scheduledAt} ${exactTime(new Date(schedule.at))}.`}
        <div><AppLink href={links.environment(project, schedule.environment, { tab: 'releases' })}>{words.seeSchedule}</AppLink></div>
      </Alert>
      {schedule.unmet_now.length > 0 && (
        <Alert mt={12} color="orange" variant="light" title={words.unmetThen}>
          <List size="sm">{schedule.unmet_now.map(({ rule, detail }, at) => <List.Item key={`${rule}${at}`}>{detail}</List.Item>)}</List>
        </Alert>
      )}
    </SheetFrame>
  );
}
