/** What was published without approval: waiting to be ratified or refused, and what became of the rest. */
import { Button, Group, Modal, Textarea } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { isProblem } from '@/api/problem';
import type { EmergencyOut } from '@/api/releases';
import type { SignatureIn } from '@/api/schema';
import { useCan } from '@/api/session';
import { Chip, PersonChip, ReleaseChip, TierChip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { SignatureDialog } from '@/parts/sign/SignatureDialog';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import classes from './releases.module.css';

const words = strings.releases;

export function Emergencies({ project, environment }: { readonly project: string; readonly environment: string }) {
  const all = usePages(projectKey(project, 'releases', environment, 'emergencies'), (cursor) => data(api.GET('/api/v1/projects/{project}/emergencies', { params: { path: { project }, query: { environment, cursor } } })));
  if (all.error) return <Refusal fault={all.error} />;
  if (!all.items) return <Waiting />;
  const open = all.items.filter(({ state }) => state === 'open');
  const ended = all.items.filter(({ state }) => state !== 'open');
  return (
    <>
      {open.length === 0 && <Empty icon={IconShieldCheck} title={words.emergenciesNone}>{words.emergenciesNoneHelp}</Empty>}
      {open.length > 0 && <section className={classes.block}><h2>{words.emergencies}</h2>{open.map((one) => <Card key={one.release} project={project} one={one} />)}</section>}
      {ended.length > 0 && <section className={classes.block}><h2>{words.pastEmergencies}</h2>{ended.map((one) => <Card key={one.release} project={project} one={one} />)}</section>}
      <MorePages query={all} />
    </>
  );
}

function Card({ project, one }: { readonly project: string; readonly one: EmergencyOut }) {
  const [asked, ask] = useState<'ratify' | 'refuse' | null>(null);
  const { environment, release, state, incident, reason, tier, invoked_by: by, deadline, missing, prompts } = one;
  const can = useCan('ratify', project, environment);
  const refused = can?.allowed === false;
  return (
    <article className={classes.card} data-open={state === 'open'}>
      <div className={classes.what}>
        <ReleaseChip project={project} environment={environment} number={release} />
        <Chip tone={state === 'open' ? 'bad' : 'idle'}>{words.emergencyStates[state] ?? state}</Chip>
        <TierChip tier={tier} />
        <Chip title={words.incident}>{incident}</Chip>
        <PersonChip name={by} />
      </div>
      <p className={classes.reason}>{reason}</p>
      <div className={classes.paths}>{prompts.slice(0, 8).map(({ path, version }) => <span key={path}>{`${path} v${version}`}</span>)}</div>
      {state === 'open' && (
        <>
          <p className={classes.soft} style={{ margin: '8px 0 12px' }}>{words.deadline} <Time at={deadline} exact />{missing ? ` · ${words.missing(missing.count, missing.from_risk)}` : ''}</p>
          <Group gap="xs">
            <Button size="xs" disabled={refused} title={refused ? can.reason : undefined} onClick={() => ask('ratify')}>{words.ratify}</Button>
            <Button size="xs" color="red" variant="default" disabled={refused} title={refused ? can.reason : undefined} onClick={() => ask('refuse')}>{words.refuse}</Button>
          </Group>
        </>
      )}
      {asked !== null && <Decide project={project} one={one} verdict={asked} close={() => ask(null)} />}
    </article>
  );
}

interface DecideProps {
  readonly project: string;
  readonly one: EmergencyOut;
  readonly verdict: 'ratify' | 'refuse';
  readonly close: () => void;
}

/** The reason first; the signature after it at high tier, and wherever the server asks for one. */
function Decide({ project, one, verdict, close }: DecideProps) {
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const [signing, setSigning] = useState(false);
  const { environment, release, tier, incident } = one;
  const params = { path: { project, environment, number: release } };
  const decide = useMutation({
    mutationFn: (signature: SignatureIn | null) => (verdict === 'ratify'
      ? data(api.POST('/api/v1/projects/{project}/environments/{environment}/emergencies/{number}/ratify', { params, body: { reason: reason.trim(), signature } }))
      : data(api.POST('/api/v1/projects/{project}/environments/{environment}/emergencies/{number}/refuse', { params, body: { reason: reason.trim() } }))),
    onSuccess: () => {
      for (const key of ['releases', 'environments', 'followers']) void queries.invalidateQueries({ queryKey: projectKey(project, key) });
      void queries.invalidateQueries({ queryKey: ['me', 'work'] });
      close();
    },
    onError: (fault, signature) => {
      if (signature === null && isProblem(fault, 403) && String(fault.problem.rule).startsWith('signature.')) {
        decide.reset();
        setSigning(true);
      }
    },
  });
  const title = verdict === 'ratify' ? words.ratifyTitle(release) : words.refuseTitle(release);
  if (signing) {
    return <SignatureDialog opened onClose={close} title={title} meaning={words.signatureMeans(release, environment, incident)} onSign={(signature) => decide.mutate(signature)} pending={decide.isPending} fault={decide.error} />;
  }
  return (
    <Modal opened onClose={close} title={title}>
      <p style={{ marginTop: 0, fontSize: 14 }}>{verdict === 'ratify' ? words.ratifyMeans : words.refuseMeans}</p>
      <Textarea label={words.reason} autosize minRows={2} maxLength={1000} required data-autofocus value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
      <div style={{ marginTop: 12 }}><Refusal fault={decide.error} /></div>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={close}>{strings.common.cancel}</Button>
        <Button color={verdict === 'refuse' ? 'red' : undefined} disabled={reason.trim().length < 3} loading={decide.isPending} onClick={() => (verdict === 'ratify' && tier === 'high' ? setSigning(true) : decide.mutate(null))}>
          {verdict === 'ratify' ? words.ratify : words.refuse}
        </Button>
      </Group>
    </Modal>
  );
}
