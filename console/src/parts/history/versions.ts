/** A prompt's versions, newest first. */
import { api, data } from '@/api/client';
import type { HistoryPage } from '@/api/schema';

/** A page of the versions of a prompt. */
export async function versionsPage(project: string, path: string, cursor: string | undefined, limit = 100): Promise<HistoryPage> {
  const page = await data(api.GET('/api/v1/projects/{project}/versions/{path}', { params: { path: { project, path }, query: { limit, cursor } } }));
  return page as HistoryPage;
}
