/** What an administrator may do about one account. Each item asks first. */
import { ActionIcon, Menu, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconDots } from '@tabler/icons-react';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import type { UserListed, UserPatch } from '@/api/schema';
import { useMe } from '@/api/session';
import { links } from '@/links';
import { useGo } from '@/parts/navigate';
import { strings } from '@/strings';
import { Confirm } from '../Confirm';
import { EndSessions } from './EndSessions';
import { LinkAccounts } from './LinkAccounts';
import { ResetPassword } from './ResetPassword';
import { USERS } from './keys';

const words = strings.admin.people;
type Ask = 'deactivate' | 'activate' | 'reset' | 'take' | 'end' | 'confirm' | 'link' | 'unlink' | 'erase';

export function AccountMenu({ user }: { readonly user: UserListed }) {
  const [ask, setAsk] = useState<Ask | null>(null);
  const me = useMe();
  const go = useGo();
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
  const person = user.kind === 'person';
  // What an administrator does for others, people do for themselves on their own page, with their password.
  const own = me?.name === user.name;
  const name = user.display_name;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target><ActionIcon variant="subtle" color="gray" aria-label={strings.admin.actionsFor(user.name)}><IconDots size={16} /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          {own && <Menu.Item onClick={() => go(links.account())}>{words.ownSignIn}</Menu.Item>}
          {user.unconfirmed && !own && <Menu.Item onClick={() => setAsk('confirm')}>{words.confirmAccount}</Menu.Item>}
          {person && !own && <Menu.Item onClick={() => setAsk('reset')}>{words.reset}</Menu.Item>}
          {user.second_factor && !own && <Menu.Item onClick={() => setAsk('take')}>{words.takeApp}</Menu.Item>}
          <Menu.Item onClick={() => setAsk('end')}>{person ? words.endSessions : words.endProgram}</Menu.Item>
          {person && <Menu.Item onClick={() => setAsk('link')}>{words.link}</Menu.Item>}
          {person && !own && user.person !== user.id && <Menu.Item onClick={() => setAsk('unlink')}>{words.unlink}</Menu.Item>}
          {!own && <Menu.Divider />}
          {!own && (user.active ? <Menu.Item color="red" onClick={() => setAsk('deactivate')}>{words.deactivate}</Menu.Item> : <Menu.Item onClick={() => setAsk('activate')}>{words.activate}</Menu.Item>)}
          {person && !own && <Menu.Item color="red" onClick={() => setAsk('erase')}>{words.erase}</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      {ask === 'deactivate' && <Confirm title={words.deactivateTitle(name)} verb={words.deactivate} reason="needed" run={(reason) => patch({ active: false, reason })} onClose={close}>{person ? words.deactivateHelp : words.deactivateProgram}</Confirm>}
      {ask === 'activate' && <Confirm danger={false} title={words.activateTitle(name)} verb={words.activate} run={() => patch({ active: true })} onClose={close}>{person ? words.activateHelp : words.activateProgram}</Confirm>}
      {ask === 'reset' && <ResetPassword user={user} onClose={close} />}
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
    </>
  );
}
