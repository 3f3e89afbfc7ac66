/** Says that two accounts are of one human. */
import { Autocomplete } from '@mantine/core';
import { useState } from 'react';
import { strings } from '@/strings';
import { Confirm } from '../Confirm';
import { useUserNames } from '../choices';

const words = strings.admin.people;

export interface LinkAccountsProps {
  readonly name: string;
  readonly link: (other: string, reason: string) => Promise<unknown>;
  readonly onClose: () => void;
}

export function LinkAccounts({ name, link, onClose }: LinkAccountsProps) {
  const [other, setOther] = useState('');
  const names = useUserNames(other, 'person');
  return (
    <Confirm danger={false} title={words.linkTitle(name)} verb={words.linkVerb} reason="needed" run={(reason) => link(other, reason)} onClose={onClose}>
      {words.linkHelp}
      <Autocomplete data-autofocus mt="sm" label={words.otherAccount} required withAsterisk={false} data={names} value={other} onChange={setOther} />
    </Confirm>
  );
}
