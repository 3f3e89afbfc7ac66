/** An environment: what is live now or was at a time, its releases, running applications, rules, emergencies. */
import { Button, Menu } from '@mantine/core';
import { IconArrowBackUp, IconBan, IconChevronDown, IconRocket } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { useEnvironments, type Environment } from '@/api/releases';
import { useCan } from '@/api/session';
import { useProject } from '@/frame/roots';
import { useShortcut } from '@/frame/shortcuts';
import { NotFound } from '@/frame/Fallbacks';
import { links, withSheet } from '@/links';
import { LinkButton } from '@/parts/LinkButton';
import { Chip, ReleaseChip } from '@/parts/Chip';
import { useAddressQuery, useGo, useHref } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { strings } from '@/strings';
import { Applications } from './Applications';
import { Emergencies } from './Emergencies';
import { EnvironmentReleases } from './EnvironmentReleases';
import { LiveNow } from './LiveNow';
import { Rules } from './Rules';

const words = strings.releases;
const TABS = ['live', 'releases', 'applications', 'rules', 'emergencies'] as const;

export function EnvironmentPage() {
  const project = useProject();
  const { environment: name = '' } = useParams({ strict: false });
  const environments = useEnvironments(project);
  if (!environments) return <Page title={name}><Waiting lines={10} /></Page>;
  const environment = environments.find((one) => one.name === name);
  if (!environment) return <NotFound />;
  return <Known key={name} project={project} environment={environment} />;
}

function Known({ project, environment }: { readonly project: string; readonly environment: Environment }) {
  const { name } = environment;
  const [query] = useAddressQuery();
  const here = useHref();
  const go = useGo();
  const tab = TABS.find((one) => one === query.tab) ?? 'live';
  const publish = withSheet(here, { sheet: 'publish', to: name });
  const can = useCan('publish', project, name);
  useShortcut('p', strings.prompt.publish, () => go(publish));
  return (
    <Page
      title={name}
      chips={(
        <>
          {environment.release > 0 && <ReleaseChip project={project} environment={name} number={environment.release} />}
          <Chip>{words.prompts(environment.count)}</Chip>
          <Chip tone={environment.approval_required ? 'warn' : 'idle'}>{`${words.approval} ${environment.approval_required ? words.approvalNeeded : words.approvalNot}`}</Chip>
        </>
      )}
      actions={(
        <>
          <Menu position="bottom-end">
            <Menu.Target><Button variant="default" rightSection={<IconChevronDown size={16} />}>{words.rollback}</Button></Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconArrowBackUp size={16} />} onClick={() => go(withSheet(here, { sheet: 'rollback', in: name }))}>{words.rollback}</Menu.Item>
              <Menu.Item color="red" leftSection={<IconBan size={16} />} onClick={() => go(withSheet(here, { sheet: 'suspend', in: name }))}>{words.suspend}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
          <LinkButton href={publish} leftSection={<IconRocket size={16} />} title={can?.allowed === false ? can.reason : undefined}>{words.publish}</LinkButton>
        </>
      )}
      tabs={TABS.map((one) => ({ label: words.tabs[one], href: links.environment(project, name, one === 'live' ? {} : { tab: one }), active: one === tab }))}
    >
      {tab === 'live' && <LiveNow project={project} environment={environment} />}
      {tab === 'releases' && <EnvironmentReleases project={project} environment={environment} />}
      {tab === 'applications' && <Applications project={project} environment={name} />}
      {tab === 'rules' && <Rules project={project} environment={environment} />}
      {tab === 'emergencies' && <Emergencies project={project} environment={name} />}
    </Page>
  );
}
