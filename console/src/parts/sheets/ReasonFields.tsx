/** Reason and ticket, as every change of what is live asks for them. */
import { Textarea, TextInput } from '@mantine/core';
import { forwardRef } from 'react';
import { strings } from '@/strings';

const words = strings.sheets;

export interface Why {
  readonly reason: string;
  readonly ticket: string;
}

export interface ReasonFieldsProps {
  readonly why: Why;
  readonly onChange: (why: Why) => void;
}

/** The reference is the ticket's field. */
export const ReasonFields = forwardRef<HTMLInputElement, ReasonFieldsProps>(function ReasonFields({ why, onChange }, ticket) {
  return (
    <>
      <Textarea
        label={words.reason} description={words.reasonHelp} placeholder={words.reasonEmpty} autosize minRows={2} maxRows={8} maxLength={2000} required
        value={why.reason} onChange={(event) => onChange({ ...why, reason: event.currentTarget.value })}
      />
      <TextInput
        ref={ticket} mt={10} maw={320} label={`${words.ticket} (${strings.common.optional})`} placeholder={words.ticketEmpty} maxLength={200}
        value={why.ticket} onChange={(event) => onChange({ ...why, ticket: event.currentTarget.value })}
      />
    </>
  );
});

/** Whether a reason is long enough to be sent; the server judges it. */
export function hasReason(why: Why): boolean {
  return why.reason.trim().length >= 3;
}
