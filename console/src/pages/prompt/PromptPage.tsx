/** A prompt: its editor, history, tests, record and activity, and the facts at the side. */
import { Alert, Button, Skeleton, Tooltip } from '@mantine/core';
import { IconFileText, IconRocket } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useCan } from '@/api/session';
import { useProject } from '@/frame/roots';
import { links, withSheet, type PromptTab } from '@/links';
import { EnvironmentChip, StateChip, TierChip, VersionChip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { useAddressQuery, useGo, useHref } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { again } from '@/parts/lazily';
import { strings } from '@/strings';
import { ActivityTab } from './ActivityTab';
import { CreateVersion } from './CreateVersion';
import { DraftMenu } from './DraftMenu';
import { DraftNotices } from './DraftNotices';
import { liveOf, useArchived, useStatus, useVersions } from './facts';
import { ArchivedNotice } from './Moves';
import { OldVersion } from './OldVersion';
import { PromptFacts } from './PromptFacts';
import { PromptTabContent } from './PromptTabContent';
import { RecordTab } from './record/RecordTab';
import { SaveState } from './SaveState';
import { TestsTab } from './tests/TestsTab';
import { useDraft } from './useDraft';
import { usePromptKeys } from './usePromptKeys';

const words = strings.prompt;
/** Widths of what stands beside the name until it is known. */
const CHIPS = [33, 91, 108, 92, 122];
const TABS: readonly PromptTab[] = ['prompt', 'history', 'tests', 'record', 'activity'];
const HistoryPanel = lazy(() => again(() => import('@/parts/history/HistoryPanel')).then((part) => ({ default: part.HistoryPanel })));

export function PromptPage() {
  const project = useProject();
  const { _splat: path = '' } = useParams({ strict: false });
  return <PromptOf key={`${project}/${path}`} project={project} path={path} />;
}

function PromptOf({ project, path }: { readonly project: string; readonly path: string }) {
  const [query] = useAddressQuery();
  const href = useHref();
  const go = useGo();
  const tab = TABS.find((name) => name === query.tab) ?? 'prompt';
  const can = useCan('prompt:write', `${project}/${path}`);
  const versions = useVersions(project, path);
  const newest = versions.data?.items[0];
  const archived = useArchived(project, path) === true && newest !== undefined;
  const status = useStatus(project, path);
  const { session, state } = useDraft(project, path, can?.allowed, newest?.version);
  const [creating, setCreating] = useState(false);
  const asked = query.v === undefined ? undefined : Number(query.v);
  const old = archived ? (asked ?? newest.version) : asked !== undefined && asked !== newest?.version ? asked : undefined;
  const editable = can?.allowed === true && old === undefined;
  // While it is not known whether one may edit, the buttons keep their place unseen.
  const maybe = can === undefined && old === undefined;
  const dirty = state.copy !== null || session.pending;
  const publish = (): void => {
    if (newest) go(withSheet(href, { sheet: 'publish', prompts: `${path}@${old ?? newest.version}` }));
  };
  usePromptKeys({ publish, create: () => editable && dirty && setCreating(true) });

  const gone = versions.data?.items.length === 0 && state.copy === null;
  if (versions.error && state.doc === null) return <Page title={path}><Refusal fault={versions.error} onRetry={() => void versions.refetch()} /></Page>;
  if (gone && state.phase === 'clean') {
    return (
      <Page title={path}>
        <Empty icon={IconFileText} title={words.notThere} action={<Button onClick={() => go(links.newPrompt(project, path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''))}>{words.create}</Button>}>{words.notThereText}</Empty>
      </Page>
    );
  }
  const title = state.doc?.name || path.split('/').at(-1) || path;
  const tabs = TABS.map((name) => ({ label: words.tabs[name], href: links.prompt(project, path, { tab: name === 'prompt' ? undefined : name, v: old }), active: name === tab }));
  const chips = newest === undefined ? versions.isPending && CHIPS.map((width) => <Skeleton key={width} height={22} width={width} radius="xl" />) : (
    <>
      <VersionChip project={project} path={path} version={old ?? newest.version} />
      <StateChip state={archived ? 'archived' : (old === undefined ? newest : versions.data?.items.find(({ version }) => version === old))?.state ?? newest.state} />
      <TierChip tier={state.checked?.record?.tier ?? status.data?.tier} />
      {liveOf(versions.data?.items ?? []).map(({ environment, version }) => <EnvironmentChip key={environment} project={project} environment={environment} version={version} />)}
    </>
  );
  const actions = (
    <>
      <span style={{ display: 'contents', visibility: maybe ? 'hidden' : undefined }}>
        {(editable || maybe) && <SaveState state={state} />}
        <DraftMenu project={project} path={path} session={session} state={state} newest={newest?.version} old={old} editable={editable} archived={archived} />
        {(editable || maybe) && (
          <Tooltip label={dirty ? words.createVersionHint : words.nothingChanged}>
            <Button variant={dirty ? 'filled' : 'default'} aria-disabled={!dirty} data-disabled={!dirty || undefined} onClick={() => dirty && setCreating(true)}>{words.createVersion}</Button>
          </Tooltip>
        )}
      </span>
      {!archived && (
        <Tooltip label={dirty && editable ? words.publishDraftFirst : words.publishHint}>
          <Button variant={dirty && editable ? 'default' : 'filled'} leftSection={<IconRocket size={16} />} disabled={!newest} onClick={publish}>{words.publish}</Button>
        </Tooltip>
      )}
    </>
  );
  return (
    <Page title={title} documentTitle={title} chips={chips} actions={actions} tabs={tabs} inspectorFrom={tab === 'prompt' ? 1640 : undefined} inspector={<PromptFacts project={project} path={path} state={state} versions={versions.data?.items ?? []} status={status.data} />}>
      {archived && <ArchivedNotice project={project} path={path} newest={newest.version} onBack={() => void session.open(can?.allowed === true)} />}
      {can && !can.allowed && !archived && tab === 'prompt' && <Alert mb="md" color="gray">{words.readOnly} {can.reason} {can.remedy}</Alert>}
      {old === undefined && <DraftNotices session={session} state={state} newest={newest} editable={editable} />}
      {tab === 'history' && <Suspense fallback={<Waiting />}><HistoryPanel project={project} path={path} /></Suspense>}
      {tab === 'activity' && <ActivityTab project={project} path={path} />}
      {old !== undefined && newest && (tab === 'prompt' || tab === 'record' || tab === 'tests') && <OldVersion project={project} path={path} version={old} newest={newest.version} mayWrite={can?.allowed === true && !archived} onRestored={() => void session.open(true)} />}
      {old === undefined && (tab === 'prompt' || tab === 'record' || tab === 'tests') && (state.phase === 'opening' ? (state.fault ? <Refusal fault={state.fault} onRetry={() => void session.open(can?.allowed === true)} /> : <Waiting lines={10} />) : (
        <>
          {tab === 'prompt' && <PromptTabContent project={project} path={path} session={session} state={state} editable={editable} />}
          {tab === 'tests' && <TestsTab project={project} path={path} session={session} state={state} editable={editable} />}
          {tab === 'record' && <RecordTab project={project} path={path} session={session} state={state} editable={editable} versions={versions.data?.items ?? []} />}
        </>
      ))}
      {creating && <CreateVersion project={project} path={path} session={session} state={state} next={(newest?.version ?? 0) + 1} onClose={() => setCreating(false)} />}
    </Page>
  );
}
