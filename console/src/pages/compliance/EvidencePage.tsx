/** The evidence pack of a version: what is in it, how complete it is, taking it along, and checking it without this server. */
import { Button, Code, CopyButton, Select, Text, Title } from '@mantine/core';
import { IconDownload, IconFileCertificate, IconFileText, IconFlask, IconListSearch, IconReport, IconRocket, IconSignature, type Icon } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { api, data, request } from '@/api/client';
import { projectKey } from '@/api/queries';
import { useCan } from '@/api/session';
import { useProject } from '@/frame/roots';
import { links } from '@/links';
import { Allowed } from '@/parts/Allowed';
import { AppLink } from '@/parts/AppLink';
import { Chip, EnvironmentChip, StateChip, TierChip } from '@/parts/Chip';
import { useAddressQuery } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { Person } from '@/parts/Person';
import { Refusal } from '@/parts/Refusal';
import { save } from '@/parts/save';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import classes from './compliance.module.css';

const words = strings.evidence;

export function EvidencePage() {
  const project = useProject();
  const { _splat: path = '' } = useParams({ strict: false });
  const [query, set] = useAddressQuery();
  const version = query.version || undefined;
  const which = version === undefined ? path : `${path}@${version}`;
  const may = useCan('evidence:read', project);
  const status = useQuery({
    queryKey: projectKey(project, 'reviews', 'evidence', which),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/review-status/{address}', { params: { path: { project, address: which } } })),
  });
  const live = useQuery({
    queryKey: projectKey(project, 'inventory', 'evidence', path),
    queryFn: async () => {
      const module = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
      const { items } = await data(api.GET('/api/v1/projects/{project}/inventory', { params: { path: { project }, query: { module, limit: 100 } } }));
      return items.find((item) => item.path === path);
    },
  });
  const runs = useQuery({
    queryKey: projectKey(project, 'runs', 'evidence', path),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/runs', { params: { path: { project }, query: { path, limit: 20 } } })),
  });
  const address = `/api/v1/projects/${encodeURIComponent(project)}/evidence/${which.split('/').map(encodeURIComponent).join('/')}`;
  const download = useMutation({ mutationFn: async () => save(await request(address), `${path.split('/').at(-1)}-evidence.zip`) });
  const newest = live.data?.version ?? status.data?.version;
  const choices = [
    { value: '', label: words.newest },
    ...(live.data?.live ?? []).map((at) => ({ value: at.environment, label: `${at.environment} v${at.version}` })),
    ...Array.from({ length: Math.min(newest ?? 0, 200) }, (_, at) => String((newest ?? 0) - at)).map((value) => ({ value, label: `v${value}` })),
  ];
  const found = status.data;
  const file = `evidence-${project}-${path.replaceAll('/', '-')}-${found?.version ?? ''}.zip`;
  const commands = `promptops evidence verify ${file} --key installation.pub\npython verify.py ${file} --key installation.pub`;
  return (
    <Page
      title={words.of(path)}
      width="read"
      chips={found && <><Chip>{`v${found.version}`}</Chip><StateChip state={found.state} /><TierChip tier={found.tier} /></>}
      actions={<Allowed may={may}>{(off) => <Button leftSection={<IconDownload size={16} />} disabled={off} loading={download.isPending} onClick={() => download.mutate()}>{words.download}</Button>}</Allowed>}
    >
      <Text size="sm" maw={720} mb="md">{words.lead} <span className={classes.soft}>{words.downloadNote}</span></Text>
      <Refusal fault={download.error} />
      <Select label={words.which} w={220} mb="lg" allowDeselect={false} value={version ?? ''} data={choices} onChange={(value) => set({ version: value ?? undefined })} />
      <Refusal fault={status.error} />
      {!found && !status.error && <Waiting />}
      {found && (
        <>
          <Title order={2} mb={8}>{words.contains}</Title>
          <ul className={classes.contents}>
            <Part icon={IconFileText} title={words.content}><AppLink href={links.prompt(project, path, { v: found.version })}>{`${path} v${found.version}`}</AppLink></Part>
            <Part icon={IconFileCertificate} title={words.record}>
              {found.complete ? words.recordComplete : <><AppLink href={links.prompt(project, path, { tab: 'record', v: found.version })}>{words.recordGaps(found.gaps.length)}</AppLink><ul>{found.gaps.slice(0, 8).map((gap) => <li key={gap.key}>{`${gap.id}: ${gap.message}`}</li>)}</ul></>}
            </Part>
            <Part icon={IconSignature} title={words.decisions}>
              {found.request && found.request.decisions.length > 0 ? (
                <ul>{found.request.decisions.map((made) => <li key={`${made.at} ${made.by}`}>{made.decision}: <Person name={made.by} /> {words.as(made.role)}, <Time at={made.at} /> {made.signature && <Chip tone="good" icon={IconSignature}>{words.signed}</Chip>}</li>)}</ul>
              ) : words.noDecisions}
            </Part>
            <Part icon={IconFlask} title={words.runs}>
              {runs.data && runs.data.items.length > 0 ? <ul>{runs.data.items.slice(0, 8).map((run) => <li key={run.number}><AppLink href={links.run(project, run.number)}>{`#${run.number}`}</AppLink> {run.state}, <Time at={run.created_at} /></li>)}</ul> : words.noRuns}
            </Part>
            <Part icon={IconRocket} title={words.releases}>
              {live.data && live.data.live.length > 0 ? <span style={{ display: 'inline-flex', flexWrap: 'wrap', gap: 6 }}>{live.data.live.map((at) => <EnvironmentChip key={at.environment} project={project} environment={at.environment} version={at.version} />)}</span> : words.notLive}
            </Part>
            <Part icon={IconListSearch} title={words.audit}>{words.auditText} <AppLink href={links.audit(project, { object: `${project}/${path}` })}>{strings.audit.entity.about(path)}</AppLink></Part>
            <Part icon={IconReport} title={words.report}>{words.reportText}</Part>
          </ul>
        </>
      )}
      <Title order={2} mt="xl" mb={6}>{words.verify}</Title>
      <Text size="sm" mb={8} maw={720}>{words.verifyText}</Text>
      <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{commands}</Code>
      <CopyButton value={commands}>{({ copied, copy }) => <Button mt={8} size="xs" variant="default" onClick={copy}>{copied ? strings.common.copied : strings.common.copy}</Button>}</CopyButton>
      <Text size="sm" mt="sm">{words.exit}</Text>
      <Text size="sm" c="dimmed">{words.not}</Text>
    </Page>
  );
}

function Part({ icon: Mark, title, children }: { readonly icon: Icon; readonly title: string; readonly children: ReactNode }) {
  return <li><Mark size={20} stroke={1.6} aria-hidden /><div><h3>{title}</h3><div className={classes.soft}>{children}</div></div></li>;
}
