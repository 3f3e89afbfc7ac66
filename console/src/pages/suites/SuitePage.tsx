/** One suite: its cases and checks in words, and its file to edit. A suite that is not there yet begins in the editor. */
import { Alert } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { api, request } from '@/api/client';
import { isProblem } from '@/api/problem';
import { projectKey } from '@/api/queries';
import { useCan } from '@/api/session';
import type { SuiteOut } from '@/api/schema';
import { useProject } from '@/frame/roots';
import { links } from '@/links';
import { LinkButton } from '@/parts/LinkButton';
import { AppLink } from '@/parts/AppLink';
import { Chip } from '@/parts/Chip';
import { useAddressQuery, usePathname } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { again } from '@/parts/lazily';
import { strings } from '@/strings';
import { Cases } from './Cases';
import { Problems } from './Problems';
import { SuitesPage } from './SuitesPage';
import { templateFor } from './template';

const words = strings.suites;
const SuiteEditor = lazy(() => again(() => import('./SuiteEditor')).then((module) => ({ default: module.SuiteEditor })));

/** A suite with the entity tag that a change must name; null where there is none yet. */
export interface Loaded {
  readonly suite: SuiteOut | null;
  readonly etag: string | null;
  /** What a new one begins with. */
  readonly template: string;
}

/** The router takes the list's address for a suite without a path. */
export function SuitePage() {
  const { _splat: path = '' } = useParams({ strict: false });
  return path === '' ? <SuitesPage /> : <OneSuite path={path} />;
}

/** A first suite of a prompt; without its variables where the prompt is not there. */
async function newSuite(project: string, prompt: string): Promise<string> {
  const where = `/api/v1/projects/${encodeURIComponent(project)}/prompts/${prompt.split('/').map(encodeURIComponent).join('/')}`;
  const file = await request(where, { headers: { Accept: 'application/json' } }).then((answer) => answer.json() as Promise<Parameters<typeof templateFor>[0]>, () => null);
  return templateFor(file);
}

function OneSuite({ path }: { readonly path: string }) {
  const project = useProject();
  const [query] = useAddressQuery();
  const pathname = usePathname();
  const fresh = query.new;
  const may = useCan('prompt:write', `${project}/${path}`);
  const suite = useQuery({
    queryKey: projectKey(project, 'suites', 'one', path),
    placeholderData: undefined,
    queryFn: async (): Promise<Loaded> => {
      // Begun a moment ago: there is nothing to ask for.
      if (fresh !== undefined) return { suite: null, etag: null, template: await newSuite(project, fresh) };
      try {
        const { data, response } = await api.GET('/api/v1/projects/{project}/suites/{path}', { params: { path: { project, path } } });
        return { suite: data ?? null, etag: response.headers.get('etag'), template: '' };
      } catch (fault) {
        if (isProblem(fault, 404)) return { suite: null, etag: null, template: await newSuite(project, path.replace(/\.[^./]*$/, '')) };
        throw fault;
      }
    },
  });
  if (!suite.data) return <Page title={path}>{suite.error ? <Refusal fault={suite.error} onRetry={() => void suite.refetch()} /> : <Waiting />}</Page>;
  const shown = suite.data.suite;
  const editing = query.tab === 'edit' || shown === null;
  return (
    <Page
      title={shown?.title || path}
      documentTitle={path}
      chips={<>{shown?.cases != null && <Chip>{strings.runs.cases(shown.cases)}</Chip>}{shown?.prompt && <AppLink href={links.prompt(project, shown.prompt, { tab: 'tests' })}>{shown.prompt}</AppLink>}</>}
      actions={shown?.prompt && <LinkButton leftSection={<IconPlayerPlay size={16} />} href={links.runs(project, { start: 1, prompt: shown.prompt })}>{words.run}</LinkButton>}
      tabs={[{ label: words.tabs.cases, href: pathname, active: !editing, count: shown?.cases ?? undefined }, { label: words.tabs.edit, href: `${pathname}?tab=edit`, active: editing }]}
    >
      {editing ? (
        <Suspense fallback={<Waiting />}><SuiteEditor key={path} project={project} path={path} loaded={suite.data} denied={may?.allowed === false ? may.reason : undefined} onReload={() => void suite.refetch()} /></Suspense>
      ) : (
        <>
          {shown.description && <p style={{ marginTop: 0 }}>{shown.description}</p>}
          {shown.contents ? <Cases project={project} contents={shown.contents} all={shown.cases ?? 0} /> : <Alert color="red">{words.broken}</Alert>}
          <Problems problems={shown.problems} />
        </>
      )}
    </Page>
  );
}
