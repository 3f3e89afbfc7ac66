/** End the session and forget what this browser keeps of it. */
import { useMutation } from '@tanstack/react-query';
import { api, rememberCsrf } from '@/api/client';
import { forgetNames } from '@/api/names';
import { queries } from '@/api/queries';
import { links } from '@/links';
import { useGo } from '@/parts/navigate';
import { forgetRecent } from './recent';

export function useSignOut(): () => void {
  const go = useGo();
  return useMutation({
    mutationFn: () => api.DELETE('/api/v1/session'),
    onSettled: () => {
      rememberCsrf(null);
      forgetRecent();
      forgetNames();
      queries.clear();
      go(links.signIn());
    },
  }).mutate as () => void;
}
