/** Who holds which role where, and the question who may do something. */
import { Tabs } from '@mantine/core';
import { IconHelpCircle, IconPlus, IconUsersGroup } from '@tabler/icons-react';
import { useState } from 'react';
import { useAddressQuery } from '@/parts/navigate';
import { strings } from '@/strings';
import { AdminPage } from '../AdminPage';
import { AllowedButton } from '../AllowedButton';
import { Grants } from './Grants';
import { GiveRole } from './GiveRole';
import { WhoMay } from './WhoMay';

const words = strings.admin.access;

export function AccessPage() {
  const [{ tab }, setQuery] = useAddressQuery();
  const [giving, setGiving] = useState(false);
  return (
    <AdminPage page="access" actions={<AllowedButton action="user:manage" leftSection={<IconPlus size={16} />} onClick={() => setGiving(true)}>{words.give}</AllowedButton>}>
      <Tabs value={tab === 'ask' ? 'ask' : 'grants'} onChange={(value) => setQuery({ tab: value === 'ask' ? 'ask' : undefined })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="grants" leftSection={<IconUsersGroup size={15} />}>{words.tabs.grants}</Tabs.Tab>
          <Tabs.Tab value="ask" leftSection={<IconHelpCircle size={15} />}>{words.tabs.ask}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="grants"><Grants onGive={() => setGiving(true)} /></Tabs.Panel>
        <Tabs.Panel value="ask"><WhoMay /></Tabs.Panel>
      </Tabs>
      {giving && <GiveRole onClose={() => setGiving(false)} />}
    </AdminPage>
  );
}
