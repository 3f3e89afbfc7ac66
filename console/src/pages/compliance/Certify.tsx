/** Certifying what is live again: the steps taken and to be taken, the reason, and the signature where one is asked. */
import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { isProblem } from '@/api/problem';
import { projectKey } from '@/api/queries';
import type { DuePage, SignatureIn } from '@/api/schema';
import { useCan } from '@/api/session';
import { Allowed } from '@/parts/Allowed';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { SignatureDialog } from '@/parts/sign/SignatureDialog';
import { Time } from '@/parts/Time';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';
import classes from './compliance.module.css';

const words = strings.compliance.dues;

export interface CertifyProps {
  readonly project: string;
  readonly due: DuePage['items'][number];
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Whether the server refused only because no signature came along. */
function wantsSignature(fault: unknown): boolean {
  return isProblem(fault, 403) && fault.problem.rule === 'signature.components' && fault.problem.asked !== undefined;
}

export function Certify({ project, due, onClose, onDone }: CertifyProps) {
  useFocusBack();
  const [reason, setReason] = useState('');
  const [signing, sign] = useState(false);
  const detail = useQuery({
    queryKey: projectKey(project, 'certification', due.id), staleTime: 0,
    queryFn: () => data(api.GET('/api/v1/projects/{project}/certifications/{certification}', { params: { path: { project, certification: due.id } } })),
  });
  const next = detail.data?.missing[0];
  const may = useCan(`review:${next?.step ?? 'review'}`, `${project}/${due.path}`, due.environment);
  const certify = useMutation({
    mutationFn: (signature: SignatureIn | undefined) => data(api.POST('/api/v1/projects/{project}/certifications', {
      params: { path: { project } }, body: { path: due.path, environment: due.environment, reason: reason.trim(), signature },
    })),
    onSuccess: ({ missing }) => {
      onDone();
      onClose();
      notifications.show({ message: missing.length === 0 ? words.done : words.left(missing.map(({ step }) => words.steps[step] ?? step).join(', ')) });
    },
    onError: (fault, signature) => {
      if (signature === undefined && wantsSignature(fault)) {
        certify.reset();
        sign(true);
      }
    },
  });
  if (signing) {
    return <SignatureDialog opened onClose={() => sign(false)} title={words.certify} meaning={<Text size="sm">{words.signed(due.path, due.version)}</Text>} onSign={(signature) => certify.mutate(signature)} pending={certify.isPending} fault={wantsSignature(certify.error) && certify.variables === undefined ? null : certify.error} />;
  }
  return (
    <Modal opened onClose={onClose} title={words.certifyTitle(due.path)}>
      <form onSubmit={(event) => {
        event.preventDefault();
        certify.mutate(undefined);
      }}>
        <Stack>
          <Text size="sm">{words.certifyText}</Text>
          <Refusal fault={detail.error} />
          {detail.data ? (
            <ul className={classes.steps}>
              {detail.data.decisions.map((one) => <li key={`${one.step} ${one.at}`}>{words.taken(words.steps[one.step] ?? one.step, one.by)} <Time at={one.at} /><div className={classes.soft}>{one.reason}</div></li>)}
              {detail.data.missing.map((one, at) => <li key={at}><strong>{at === 0 ? words.nextStep : words.afterwards}</strong> {words.steps[one.step] ?? one.step}{one.from_risk && words.fromRisk}</li>)}
            </ul>
          ) : !detail.error && <Waiting lines={2} />}
          <Textarea label={words.lookedAt} required withAsterisk={false} autosize minRows={3} maxLength={4000} data-autofocus value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
          <Refusal fault={wantsSignature(certify.error) ? null : certify.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{strings.common.cancel}</Button>
            <Allowed may={may}>{(off) => <Button type="submit" disabled={off || next === undefined || reason.trim() === ''} loading={certify.isPending}>{words.certify}</Button>}</Allowed>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
