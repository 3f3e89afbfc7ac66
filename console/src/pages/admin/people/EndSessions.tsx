/** Signs somebody out everywhere, with their tokens if wanted; a program has tokens alone. */
import { Checkbox } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { api, data } from '@/api/client';
import type { UserListed } from '@/api/schema';
import { strings } from '@/strings';
import { Confirm } from '../Confirm';

const words = strings.admin.people;

export function EndSessions({ user, onClose }: { readonly user: UserListed; readonly onClose: () => void }) {
  const program = user.kind === 'service';
  const [tokens, setTokens] = useState(program);
  const run = async (): Promise<void> => {
    const ended = await data(api.DELETE('/api/v1/users/{name}/sessions', { params: { path: { name: user.name }, query: { tokens } } }));
    notifications.show({ message: words.ended(ended.sessions, ended.tokens) });
  };
  return (
    <Confirm title={program ? words.endProgramTitle(user.display_name) : words.endTitle(user.display_name)} verb={program ? words.endProgram : words.endSessions} run={run} onClose={onClose}>
      {program ? words.endProgramHelp : words.endHelp}
      {!program && <Checkbox mt="sm" label={words.endTokens} checked={tokens} onChange={(event) => setTokens(event.currentTarget.checked)} />}
    </Confirm>
  );
}
