/** What the quick search finds, as links: the address of each kind, its picture. */
import { IconBolt, IconClipboardCheck, IconFileText, IconFolder, IconRocket, type Icon } from '@tabler/icons-react';
import { api, data } from '@/api/client';
import type { HitOut, HitPage } from '@/api/schema';
import { links, splitAddress } from '@/links';

export const HIT_KINDS: readonly HitOut['kind'][] = ['prompt', 'release', 'review', 'environment', 'project'];

export const HIT_ICONS: Readonly<Record<HitOut['kind'], Icon>> = {
  prompt: IconFileText, release: IconRocket, review: IconClipboardCheck, environment: IconBolt, project: IconFolder,
};

export function hitHref(hit: HitOut): string {
  if (hit.kind === 'prompt') return links.prompt(hit.project, splitAddress(hit.address).path);
  if (hit.kind === 'environment') return links.environment(hit.project, hit.environment ?? '');
  if (hit.kind === 'release') return links.release(hit.project, hit.environment ?? '', hit.number ?? 0);
  if (hit.kind === 'review') return links.review(hit.project, hit.number ?? 0);
  return links.project(hit.project);
}

export function findQuickly(q: string, cursor?: string): Promise<HitPage> {
  return data(api.GET('/api/v1/search', { params: { query: { q, cursor } } }));
}
