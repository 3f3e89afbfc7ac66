/** Announces the next signing key: when it begins, what happens until then, and why. */
import { Modal, NumberInput, Stack, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import { DialogFoot } from '@/parts/DialogFoot';
import { fieldFaults } from '@/parts/fieldFaults';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { useFocusBack } from '@/parts/useFocusBack';
import { useFocusWrong } from '@/parts/useFocusWrong';
import { strings } from '@/strings';
import { KEYS } from './keys';
import { signsFrom } from './keyWords';

const words = strings.admin.keys;
/** A day is proposed: within it applications look many times, and people can hand out a line. */
const PROPOSED = 24;

export function AnnounceKey({ onClose }: { readonly onClose: () => void }) {
  useFocusBack();
  const [hours, setHours] = useState<number | string>(PROPOSED);
  const [reason, setReason] = useState('');
  const [opened] = useState(() => new Date());
  const announce = useMutation({
    mutationFn: async (after: number) => {
      const keys = await data(api.POST('/api/v1/system/keys', { body: { signs_after_hours: after, reason: reason.trim() } }));
      queries.setQueryData(KEYS, keys);
    },
    onSuccess: onClose,
  });
  useFocusWrong(announce.error);
  const begins = signsFrom(hours, opened);
  const wrong = fieldFaults(announce.error, ['signs_after_hours', 'reason'], { invalid: 'signs_after_hours' });
  const soon = begins === null ? words.afterNone : hours === 0 ? words.atOnce : <>{words.signsOn} <Time at={begins.toISOString()} exact />. {words.untilThen}</>;
  return (
    <Modal opened onClose={onClose} title={words.announceTitle}>
      <form noValidate onSubmit={(event) => {
        event.preventDefault();
        if (typeof hours === 'number' && reason.trim() !== '') announce.mutate(hours);
      }}>
        <Stack>
          <Text size="sm">{words.announceHelp}</Text>
          <NumberInput label={words.after} description={soon} error={wrong.at.signs_after_hours} allowNegative={false} value={hours} onChange={setHours} data-autofocus />
          <Textarea label={strings.common.reason} error={wrong.at.reason} autosize minRows={2} required withAsterisk={false} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
          <Refusal fault={wrong.rest} />
          <DialogFoot onCancel={onClose} disabled={begins === null || reason.trim() === ''} loading={announce.isPending}>{words.announce}</DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
