/** Model targets, and the catalogue of models that is known about. */
import { Tabs } from '@mantine/core';
import { IconBooks, IconPlus, IconServer2 } from '@tabler/icons-react';
import { useState } from 'react';
import { useAddressQuery } from '@/parts/navigate';
import { strings } from '@/strings';
import { AdminPage } from '../AdminPage';
import { AllowedButton } from '../AllowedButton';
import { Catalogue } from './Catalogue';
import { TargetForm } from './TargetForm';
import { Targets } from './Targets';

const words = strings.admin.models;

export function ModelsPage() {
  const [{ tab }, setQuery] = useAddressQuery();
  const [adding, setAdding] = useState<{ provider?: string; model?: string } | null>(null);
  return (
    <AdminPage page="models" actions={<AllowedButton action="model:manage" leftSection={<IconPlus size={16} />} onClick={() => setAdding({})}>{words.add}</AllowedButton>}>
      <Tabs value={tab === 'catalogue' ? 'catalogue' : 'targets'} onChange={(value) => setQuery({ tab: value === 'catalogue' ? 'catalogue' : undefined, q: undefined })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="targets" leftSection={<IconServer2 size={15} />}>{words.tabs.targets}</Tabs.Tab>
          <Tabs.Tab value="catalogue" leftSection={<IconBooks size={15} />}>{words.tabs.catalogue}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="targets"><Targets onAdd={() => setAdding({})} /></Tabs.Panel>
        <Tabs.Panel value="catalogue"><Catalogue onUse={(provider, model) => setAdding({ provider, model })} /></Tabs.Panel>
      </Tabs>
      {adding && <TargetForm provider={adding.provider} model={adding.model} onClose={() => setAdding(null)} />}
    </AdminPage>
  );
}
