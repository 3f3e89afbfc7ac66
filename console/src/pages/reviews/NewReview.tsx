/** Asking for a review: which version, why, and whom. */
import { Drawer, Stack, TagsInput, Textarea } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, data } from '@/api/client';
import { peopleOf } from '@/api/people';
import { projectKey } from '@/api/queries';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { DialogFoot } from '@/parts/DialogFoot';
import { useGo } from '@/parts/navigate';
import { PlaceField } from '@/parts/PlaceField';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { useStatus } from './useReview';
import classes from './reviews.module.css';

const words = strings.reviews;

export function NewReview({ project, prompt, onClose }: { readonly project: string; readonly prompt: string; readonly onClose: () => void }) {
  const go = useGo();
  const queries = useQueryClient();
  const [address, setAddress] = useState(prompt);
  const [message, setMessage] = useState('');
  const [asked, setAsked] = useState<string[]>([]);
  const [typed, setTyped] = useState('');
  const [settled] = useDebouncedValue(address.trim(), 400);
  const [path = '', version] = settled.split('@');
  const number = version !== undefined && /^v?\d+$/.test(version) ? Number(version.replace('v', '')) : undefined;
  const status = useStatus(project, path === '' ? undefined : path, number);
  const people = useQuery({ queryKey: projectKey(project, 'people', typed), queryFn: () => peopleOf(project, typed) }).data ?? [];
  const send = useMutation({
    mutationFn: () => data(api.POST('/api/v1/projects/{project}/reviews', { params: { path: { project } }, body: { path: address.trim().split('@')[0] ?? '', version: number, message, asked } })),
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: projectKey(project, 'reviews') });
      go(links.review(project, made.request), { replace: true });
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    send.mutate();
  };
  const gaps = status.data && path !== '' && status.data.path === path ? status.data.gaps : [];
  return (
    <Drawer opened onClose={onClose} position="right" size={460} closeButtonProps={{ 'aria-label': strings.common.close }} title={<strong>{words.newTitle}</strong>}>
      <form onSubmit={submit}>
        <Stack>
          <PlaceField project={project} label={words.newPrompt} description={words.newPromptHelp} required focused={prompt === ''} value={address} onChange={setAddress} />
          {gaps.length > 0 && (
            <div className={classes.card}>
              <h2>{words.newMissing}</h2>
              <p className={classes.soft} style={{ margin: 0 }}>{words.recordGaps(gaps.length)} · <AppLink href={links.prompt(project, path, { tab: 'record' })}>{words.openRecord}</AppLink></p>
            </div>
          )}
          <Textarea label={words.newMessage} description={words.newMessageHelp} autosize minRows={4} maxLength={10_000} value={message} data-autofocus={prompt !== '' || undefined} onChange={(event) => setMessage(event.currentTarget.value)} />
          <TagsInput
            label={words.newPeople} description={words.newPeopleHelp} value={asked} onChange={setAsked} searchValue={typed} onSearchChange={setTyped} data={people.map((person) => person.name)} clearable
            renderOption={({ option }) => {
              const person = people.find((one) => one.name === option.value);
              return <span>{person?.display_name || option.value} <span className={classes.soft}>{person?.roles.join(', ')}</span></span>;
            }}
          />
          <Refusal fault={send.error} />
          <DialogFoot onCancel={onClose} loading={send.isPending}>{words.send}</DialogFoot>
        </Stack>
      </form>
    </Drawer>
  );
}
