/** What an administrator may do about one account. Each item asks first. */
import { ActionIcon, Menu, Modal, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconDots } from '@tabler/icons-react';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import type { UserListed, UserPatch } from '@/api/schema';
import { Secret } from '@/parts/Secret';
import { strings } from '@/strings';
import { Confirm } from '../Confirm';
import { EndSessions } from './EndSessions';
import { LinkAccounts } from './LinkAccounts';
import { USERS } from './keys';
import { madePassword } from './password';

const words = strings.admin.people;
type Ask = 'deactivate' | 'activate' | 'reset' | 'take' | 'end' | 'confirm' | 'link' | 'unlink' | 'erase';

export function AccountMenu({ user }: { readonly user: UserListed }) {
  const [ask, setAsk] = useState<Ask | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const close = (): void => setAsk(null);
  const path = { name: user.name };
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: USERS });
  const patch = async (body: UserPatch): Promise<void> => {
    await data(api.PATCH('/api/v1/users/{name}', { params: { path }, body }));
    await refresh();
  };
  const erase = async (reason: string): Promise<void> => {
    const left = await data(api.POST('/api/v1/users/{name}/erasure', { params: { path }, body: { reason } }));
    notifications.show({ message: left.pending ? words.erasePending(left.name) : words.erased(left.name), color: left.pending ? 'orange' : undefined, autoClose: left.pending ? false : 8000 });
    await refresh();
  };
  const reset = async (): Promise<void> => {
    const password = madePassword();
    await patch({ password });
    setSecret(password);
  };
  const person = user.kind === 'person';
  const name = user.display_name;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target><ActionIcon variant="subtle" color="gray" aria-label={strings.admin.actionsFor(user.name)}><IconDots size={16} /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          {user.unconfirmed && <Menu.Item onClick={() => setAsk('confirm')}>{words.confirmAccount}</Menu.Item>}
          {person && <Menu.Item onClick={() => setAsk('reset')}>{words.reset}</Menu.Item>}
          {user.second_factor && <Menu.Item onClick={() => setAsk('take')}>{words.takeApp}</Menu.Item>}
          <Menu.Item onClick={() => setAsk('end')}>{words.endSessions}</Menu.Item>
          {person && <Menu.Item onClick={() => setAsk('link')}>{words.link}</Menu.Item>}
          {person && user.person !== user.id && <Menu.Item onClick={() => setAsk('unlink')}>{words.unlink}</Menu.Item>}
          <Menu.Divider />
          {user.active ? <Menu.Item color="red" onClick={() => setAsk('deactivate')}>{words.deactivate}</Menu.Item> : <Menu.Item onClick={() => setAsk('activate')}>{words.activate}</Menu.Item>}
          {person && <Menu.Item color="red" onClick={() => setAsk('erase')}>{words.erase}</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      {ask === 'deactivate' && <Confirm title={words.deactivateTitle(name)} verb={words.deactivate} reason="needed" run={(reason) => patch({ active: false, reason })} onClose={close}>{words.deactivateHelp}</Confirm>}
      {ask === 'activate' && <Confirm danger={false} title={words.activateTitle(name)} verb={words.activate} run={() => patch({ active: true })} onClose={close}>{words.activateHelp}</Confirm>}
      {ask === 'reset' && <Confirm title={words.resetTitle(name)} verb={words.reset} run={reset} onClose={close}>{words.resetHelp}</Confirm>}
      {ask === 'take' && <Confirm title={words.takeTitle(name)} verb={words.takeApp} reason="needed" run={(reason) => patch({ totp: 'off', reason })} onClose={close}>{words.takeHelp}</Confirm>}
      {ask === 'end' && <EndSessions user={user} onClose={close} />}
      {ask === 'confirm' && (
        <Confirm danger={false} title={words.confirmTitle(name)} verb={words.confirmAccount} reason="needed" onClose={close}
          run={async (reason) => { await data(api.POST('/api/v1/users/{name}/confirmation', { params: { path }, body: { reason } })); await refresh(); }}>
          {words.confirmHelp}
        </Confirm>
      )}
      {ask === 'link' && <LinkAccounts name={name} link={(other, reason) => patch({ same_person_as: other, reason: reason || null })} onClose={close} />}
      {ask === 'unlink' && <Confirm title={words.unlinkTitle(name)} verb={words.unlink} reason="needed" run={(reason) => patch({ own_person: true, reason })} onClose={close}>{words.unlinkHelp}</Confirm>}
      {ask === 'erase' && <Confirm title={words.eraseTitle(name)} verb={words.erase} reason="needed" typed={user.name} run={erase} onClose={close}><Text size="sm">{words.eraseHelp}</Text></Confirm>}
      {secret !== null && (
        <Modal opened onClose={() => setSecret(null)} title={words.reset} closeOnClickOutside={false}>
          <Secret value={secret} note={words.passwordOnce(user.name)} onDone={() => setSecret(null)} />
        </Modal>
      )}
    </>
  );
}
