/** Sets a new password for somebody, after asking, and shows it once. */
import { useState } from 'react';
import { api, data } from '@/api/client';
import { queries } from '@/api/queries';
import type { UserListed } from '@/api/schema';
import { SecretDialog } from '@/parts/Secret';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';
import { Confirm } from '../Confirm';
import { USERS } from './keys';
import { madePassword } from './password';

const words = strings.admin.people;

export function ResetPassword({ user, onClose }: { readonly user: UserListed; readonly onClose: () => void }) {
  // Two dialogs follow each other: the way back is remembered once for both.
  useFocusBack();
  const [secret, setSecret] = useState<string | null>(null);
  const reset = async (): Promise<void> => {
    const password = madePassword();
    await data(api.PATCH('/api/v1/users/{name}', { params: { path: { name: user.name } }, body: { password } }));
    setSecret(password);
    await queries.invalidateQueries({ queryKey: USERS });
  };
  if (secret !== null) return <SecretDialog title={words.resetDone(user.name)} label={words.password} value={secret} note={words.passwordOnce(user.name)} onDone={onClose} />;
  return <Confirm title={words.resetTitle(user.display_name)} verb={words.reset} run={reset} onClose={() => undefined} onCancel={onClose}>{words.resetHelp}</Confirm>;
}
