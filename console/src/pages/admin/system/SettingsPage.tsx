/** What the server runs with: value, default, where the value comes from, what it is for. */
import { Button, Code, Switch, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import type { SettingOut } from '@/api/schema';
import { Chip } from '@/parts/Chip';
import { Empty } from '@/parts/Empty';
import { useAddressQuery } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { AdminPage } from '../AdminPage';
import { bySection, differs } from './settings';
import classes from '../admin.module.css';

const words = strings.admin.settings;

export function SettingsPage() {
  const [{ q = '', changed }, setQuery] = useAddressQuery();
  const found = useQuery({ queryKey: ['system', 'settings'], queryFn: () => data(api.GET('/api/v1/system/settings')) });
  const all = found.data?.items ?? [];
  const sections = bySection(all, q, changed === 'yes');
  const shown = sections.reduce((sum, [, settings]) => sum + settings.length, 0);
  return (
    <AdminPage page="settings">
      <div className={classes.filters}>
        <TextInput type="search" label={words.find} value={q} onChange={(event) => setQuery({ q: event.currentTarget.value })} />
        <Switch style={{ flexBasis: 'auto' }} pb={8} label={words.only} checked={changed === 'yes'} onChange={(event) => setQuery({ changed: event.currentTarget.checked ? 'yes' : undefined })} />
      </div>
      <Refusal fault={found.error} onRetry={() => void found.refetch()} />
      {!found.data && !found.error && <Waiting lines={12} />}
      {found.data && (
        <>
          <Text size="sm" c="dimmed" role="status" style={{ overflowWrap: 'anywhere' }}>{words.count(shown, all.length)} · {found.data.config_file ? <>{words.file} <Code>{found.data.config_file}</Code></> : words.noFile}</Text>
          {shown === 0 && <Empty title={words.none} action={<Button variant="default" onClick={() => setQuery({ q: '', changed: undefined })}>{strings.common.clearFilters}</Button>} />}
          {sections.map(([section, settings]) => (
            <section key={section} aria-labelledby={`section-${section}`}>
              <h2 id={`section-${section}`} className={classes.section}>{section || words.top}</h2>
              {settings.map((setting) => <Setting key={setting.name} setting={setting} />)}
            </section>
          ))}
        </>
      )}
    </AdminPage>
  );
}

function Setting({ setting }: { readonly setting: SettingOut }) {
  const changed = differs(setting);
  return (
    <div className={classes.setting}>
      <div>
        <Text ff="monospace" size="sm" fw={changed ? 650 : 500} style={{ overflowWrap: 'anywhere' }}>{setting.name}</Text>
        <Text size="sm" c="dimmed">{setting.help}</Text>
      </div>
      <div>
        {setting.value === '' ? <Text size="sm" c="dimmed">{words.empty}</Text> : <Code>{setting.value}</Code>}
        {changed && <Text size="xs" c="dimmed" mt={2}>{words.default}: {setting.default === '' ? words.empty : <Code>{setting.default}</Code>}</Text>}
      </div>
      <div>
        <Chip tone={changed ? 'warn' : 'idle'}>{words.sources[setting.source]}</Chip>
        {setting.place && <Text size="xs" c="dimmed" mt={2} style={{ overflowWrap: 'anywhere' }}>{setting.place}</Text>}
      </div>
    </div>
  );
}
