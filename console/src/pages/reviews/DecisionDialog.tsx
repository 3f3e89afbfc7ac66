/** Making a decision: what it means, what has to be said with it, and the signature where one is asked. */
import { Checkbox, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import type { RequestOut, SignatureIn } from '@/api/schema';
import { useMe } from '@/api/session';
import { DialogFoot } from '@/parts/DialogFoot';
import { Refusal } from '@/parts/Refusal';
import { SignatureDialog } from '@/parts/sign/SignatureDialog';
import { strings } from '@/strings';
import { roleOf, type Step, type Verdict } from './decision';
import type { useReviewActions } from './useReview';

const words = strings.reviews;

export interface DecisionDialogProps {
  readonly request: RequestOut;
  readonly verdict: Verdict;
  /** Of a decision in favour. */
  readonly step: Step;
  readonly decide: ReturnType<typeof useReviewActions>['decide'];
  readonly onClose: () => void;
}

export function DecisionDialog({ request, verdict, step, decide, onClose }: DecisionDialogProps) {
  const me = useMe();
  const [reason, setReason] = useState('');
  const [accepted, accept] = useState<readonly string[]>([]);
  const [conditions, setConditions] = useState('');
  const [report, setReport] = useState('');
  const [signing, sign] = useState(false);
  const favour = verdict === 'approve';
  const label = favour ? words.decide.approve(step) : words.decide[verdict];
  const role = words.decide.roles[roleOf(step, request.project, me?.roles ?? [])];
  const meaning = favour ? words.decide.meaning(step, request.version, role, request.signatures) : words.decide.meanings[verdict];
  const needsReason = verdict === 'request_changes' || verdict === 'reject' || verdict === 'revoke';
  const notApplicable = favour && step !== 'validate' ? Object.entries(request.not_applicable) : [];
  const send = (signature?: SignatureIn): void =>
    decide.mutate(
      {
        decision: verdict, step: favour ? step : undefined, reason, accept_na: [...accepted], conditions: step === 'validate' && favour ? conditions : '',
        report_hash: favour && step === 'validate' && report.trim() !== '' ? report.trim() : undefined, signature,
      },
      { onSuccess: onClose },
    );
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (favour && request.signatures) {
      decide.reset();
      sign(true);
    } else send();
  };
  if (signing) {
    return <SignatureDialog opened onClose={() => sign(false)} title={label} meaning={<Text size="sm">{meaning}</Text>} onSign={send} pending={decide.isPending} fault={decide.error} />;
  }
  return (
    <Modal opened onClose={onClose} closeButtonProps={{ 'aria-label': strings.common.close }} title={<strong>{label}</strong>}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">{meaning}</Text>
          {notApplicable.length > 0 && (
            <Checkbox.Group label={words.decide.acceptNa} value={[...accepted]} onChange={accept}>
              <Stack gap={6} mt={6}>{notApplicable.map(([key, why]) => <Checkbox key={key} value={key} label={`${key}: ${why}`} />)}</Stack>
            </Checkbox.Group>
          )}
          {favour && step === 'validate' && (
            <>
              <TextInput label={words.decide.report} description={words.decide.reportHelp} required value={report} onChange={(event) => setReport(event.currentTarget.value)} />
              <Textarea label={words.decide.conditions} autosize minRows={2} value={conditions} onChange={(event) => setConditions(event.currentTarget.value)} />
            </>
          )}
          <Textarea
            label={words.decide.reasonFor[verdict]} required={needsReason} withAsterisk={needsReason} description={needsReason ? undefined : strings.common.optional} autosize minRows={2} maxLength={10_000} data-autofocus
            value={reason} onChange={(event) => setReason(event.currentTarget.value)}
          />
          <Refusal fault={decide.error} />
          <DialogFoot onCancel={onClose} loading={decide.isPending} color={verdict === 'reject' || verdict === 'revoke' ? 'red' : undefined}>{label}</DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
