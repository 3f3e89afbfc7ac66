/** The audit log of a project, or (without one) of the installation. */
import { useParams } from '@tanstack/react-router';
import { useCan } from '@/api/session';
import { links } from '@/links';
import { LinkButton } from '@/parts/LinkButton';
import { useAddressQuery } from '@/parts/navigate';
import { Page } from '@/parts/Page';
import { strings } from '@/strings';
import { Events } from './Events';
import { ExportButton } from './ExportButton';
import { Holds } from './Holds';
import { Redactions } from './Redactions';
import { Verification } from './Verification';

const words = strings.audit;
const TABS = ['events', 'verification', 'holds', 'redactions'] as const;

export function AuditPage() {
  const { project } = useParams({ strict: false });
  const [{ tab: wanted }] = useAddressQuery();
  const whole = useCan('audit:read', '');
  const there = TABS.filter((name) => name !== 'redactions' || project !== undefined);
  const tab = there.find((name) => name === wanted) ?? 'events';
  return (
    <Page
      title={project === undefined ? words.installationTitle : words.title}
      actions={
        <>
          {project !== undefined && whole?.allowed && <LinkButton variant="subtle" href={links.audit()}>{words.ofInstallation}</LinkButton>}
          <ExportButton project={project} />
        </>
      }
      tabs={there.map((name) => ({ label: words.tabs[name], href: links.audit(project, { tab: name === 'events' ? undefined : name }), active: name === tab }))}
    >
      {tab === 'events' && <Events project={project} />}
      {tab === 'verification' && <Verification project={project} />}
      {tab === 'holds' && <Holds project={project} />}
      {tab === 'redactions' && project !== undefined && <Redactions project={project} />}
    </Page>
  );
}
