/** The project of the page, and a way to another: the server searches, so that hundreds of projects are no burden. */
import { Combobox, Loader, UnstyledButton, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSelector } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { links } from '@/links';
import { useGo } from '@/parts/navigate';
import { findQuickly } from '@/parts/hits';
import { strings } from '@/strings';
import classes from './frame.module.css';

const FEW = 30;

interface Named {
  readonly name: string;
  readonly title: string;
}

/** The first projects by name; with words, those the quick search finds. */
async function projectsLike(asked: string): Promise<readonly Named[]> {
  const first = await data(api.GET('/api/v1/projects', { params: { query: { limit: FEW } } }));
  const like = asked.toLowerCase();
  const near = first.items.filter(({ name, title }) => `${name} ${title}`.toLowerCase().includes(like));
  if (asked === '' || first.next === null) return near;
  const found = (await findQuickly(asked)).items.filter(({ kind }) => kind === 'project').map(({ project, title }) => ({ name: project, title }));
  return [...near, ...found.filter(({ name }) => !near.some((one) => one.name === name))];
}

export function ProjectSwitcher({ project, onGo }: { readonly project: string | undefined; readonly onGo?: () => void }) {
  const go = useGo();
  const [text, setText] = useState('');
  const [asked] = useDebouncedValue(text.trim(), 150);
  const combobox = useCombobox({
    onDropdownClose: () => { combobox.resetSelectedOption(); setText(''); combobox.focusTarget(); },
    onDropdownOpen: () => combobox.focusSearchInput(),
  });
  const found = useQuery({ queryKey: ['projects', 'switcher', asked], queryFn: () => projectsLike(asked) });
  const here = useQuery({
    queryKey: ['projects', 'one', project], enabled: project !== undefined, staleTime: 300_000, placeholderData: undefined,
    queryFn: () => data(api.GET('/api/v1/projects/{project}', { params: { path: { project: project ?? '' } } })),
  }).data;
  return (
    <Combobox store={combobox} shadow="md" width={280} position="bottom-start" onOptionSubmit={(name) => { combobox.closeDropdown(); onGo?.(); go(links.project(name)); }}>
      <Combobox.Target targetType="button">
        <UnstyledButton className={classes.switcher} onClick={() => combobox.toggleDropdown()} aria-label={project === undefined ? strings.frame.switchProject : `${here?.title || project} · ${strings.frame.switchProject}`}>
          <span>{project === undefined ? strings.frame.switchProject : here?.title || project}</span>
          <IconSelector size={16} aria-hidden />
        </UnstyledButton>
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Search value={text} onChange={(event) => { setText(event.currentTarget.value); combobox.updateSelectedOptionIndex(); }} placeholder={strings.frame.findProject} aria-label={strings.frame.findProject} rightSection={found.isFetching && <Loader size={14} />} />
        <Combobox.Options mah={320} style={{ overflowY: 'auto' }}>
          {found.data?.map(({ name, title }) => <Combobox.Option key={name} value={name} active={name === project}>{title || name}</Combobox.Option>)}
          {found.data?.length === 0 && <Combobox.Empty>{strings.frame.noProject}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
