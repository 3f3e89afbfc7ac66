/** Asking what a publish would come to, and publishing. */
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { api, data, ifMatch } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { Preview, Published } from '@/api/releases';
import { useOnce } from '../useRollback';
import { isComplete, promotionBody, publishBody, type Draft } from './draft';

const RELEASES = '/api/v1/projects/{project}/environments/{environment}/releases';
const PROMOTIONS = '/api/v1/projects/{project}/environments/{environment}/promotions';

/** What it would come to now; asked again when the draft changes or the environment's newest release (`head`) is another. */
export function usePreview(project: string, head: number, draft: Draft, enabled: boolean) {
  const body = draft.promoteFrom === null ? publishBody(draft, true) : promotionBody(draft, true);
  const [asked] = useDebouncedValue(JSON.stringify([draft.to, draft.promoteFrom, body]), 250);
  const current = JSON.stringify([draft.to, draft.promoteFrom, body]);
  const query = useQuery({
    queryKey: projectKey(project, 'dry-run', 'publish', head, asked),
    enabled: enabled && isComplete(draft) && asked === current,
    staleTime: 5_000,
    retry: false,
    queryFn: async (): Promise<Preview> => {
      const path = { project, environment: draft.to };
      const answer = draft.promoteFrom === null
        ? await data(api.POST(RELEASES, { params: { path }, body: publishBody(draft, true) }))
        : await data(api.POST(PROMOTIONS, { params: { path }, body: promotionBody(draft, true) }));
      return answer as Preview;
    },
  });
  return { ...query, isFetching: query.isFetching || asked !== current };
}

/** Publish against the release that was looked at. A request sent twice makes one release. */
export function usePublish(project: string) {
  const once = useOnce();
  return useMutation({
    mutationFn: async ({ draft, on }: { readonly draft: Draft; readonly on: number }): Promise<Published> => {
      const path = { project, environment: draft.to };
      const headers = { ...ifMatch(`"r${on}"`), 'Idempotency-Key': once([draft, on]) };
      const answer = draft.promoteFrom === null
        ? await data(api.POST(RELEASES, { params: { path }, headers, body: publishBody(draft, false) }))
        : await data(api.POST(PROMOTIONS, { params: { path }, headers, body: promotionBody(draft, false) }));
      return answer as Published;
    },
  });
}
