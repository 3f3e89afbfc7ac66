/** What a risk officer looks at once a week: how well a project is documented, what falls due, what is excepted and retired. */
import { useProject } from '@/frame/roots';
import { links } from '@/links';
import { useAddressQuery } from '@/parts/navigate';
import { Page } from '@/parts/Page';
import { RecordDefaults } from '@/parts/RecordDefaults';
import { strings } from '@/strings';
import { Certifications } from './Certifications';
import { Coverage } from './Coverage';
import { Exceptions } from './Exceptions';
import { Inventory } from './Inventory';
import { Retirements } from './Retirements';

const words = strings.compliance;
const TABS = ['coverage', 'inventory', 'certifications', 'exceptions', 'retirements', 'defaults'] as const;

export function CompliancePage() {
  const project = useProject();
  const [{ tab: wanted }] = useAddressQuery();
  const tab = TABS.find((name) => name === wanted) ?? 'coverage';
  const href = (name: (typeof TABS)[number]): string => (name === 'defaults' ? `${links.compliance(project)}?tab=defaults` : links.compliance(project, name === 'coverage' ? undefined : name));
  return (
    <Page title={words.title} tabs={TABS.map((name) => ({ label: words.tabs[name], href: href(name), active: name === tab }))}>
      {tab === 'coverage' && <Coverage project={project} />}
      {tab === 'inventory' && <Inventory project={project} />}
      {tab === 'certifications' && <Certifications project={project} />}
      {tab === 'exceptions' && <Exceptions project={project} />}
      {tab === 'retirements' && <Retirements project={project} />}
      {tab === 'defaults' && <RecordDefaults project={project} />}
    </Page>
  );
}
