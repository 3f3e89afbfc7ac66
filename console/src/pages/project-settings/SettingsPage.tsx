/** Settings of a project: environments and their rules, access, models, record defaults, mirror, Git. */
import { useProject } from '@/frame/roots';
import { links } from '@/links';
import { useAddressQuery } from '@/parts/navigate';
import { Page } from '@/parts/Page';
import { RecordDefaults } from '@/parts/RecordDefaults';
import { strings } from '@/strings';
import { Access } from './Access';
import { Environments } from './Environments';
import { GitHelp } from './GitHelp';
import { Mirror } from './Mirror';
import { Models } from './Models';

const words = strings.projectSettings;
const TABS = ['environments', 'access', 'models', 'defaults', 'mirror', 'git'] as const;

export function SettingsPage() {
  const project = useProject();
  const [{ tab: wanted }] = useAddressQuery();
  const tab = TABS.find((name) => name === wanted) ?? 'environments';
  return (
    <Page title={words.title} tabs={TABS.map((name) => ({ label: words.tabs[name], href: links.projectSettings(project, name === 'environments' ? undefined : name), active: name === tab }))}>
      {tab === 'environments' && <Environments project={project} />}
      {tab === 'access' && <Access project={project} />}
      {tab === 'models' && <Models project={project} />}
      {tab === 'defaults' && <RecordDefaults project={project} />}
      {tab === 'mirror' && <Mirror project={project} />}
      {tab === 'git' && <GitHelp project={project} />}
    </Page>
  );
}
