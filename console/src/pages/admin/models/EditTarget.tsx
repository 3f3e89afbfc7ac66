/** Changes a model target from what it is now, not from what the list said when it was read. */
import { Drawer } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { request } from '@/api/client';
import type { TargetOut } from '@/api/schema';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { useFocusBack } from '@/parts/useFocusBack';
import { strings } from '@/strings';
import { TargetForm } from './TargetForm';

export function EditTarget({ name, onClose }: { readonly name: string; readonly onClose: () => void }) {
  useFocusBack();
  const read = useQuery({
    queryKey: ['system', 'model', name],
    staleTime: Infinity,
    gcTime: 0,
    placeholderData: undefined,
    queryFn: async () => {
      const answer = await request(`/api/v1/models/${encodeURIComponent(name)}`);
      return { target: (await answer.json()) as TargetOut, tag: answer.headers.get('etag') ?? undefined };
    },
  });
  if (read.data) return <TargetForm target={read.data.target} tag={read.data.tag} onClose={onClose} />;
  return (
    <Drawer opened onClose={onClose} position="right" size={520} title={strings.admin.models.editTitle(name)}>
      {read.error ? <Refusal fault={read.error} /> : <Waiting />}
    </Drawer>
  );
}
