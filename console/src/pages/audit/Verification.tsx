/** Whether the log holds together, in plain words; what that proves, and how to check it without this server. */
import { Alert, Code, CopyButton, Button, List, Stack, Text, Title } from '@mantine/core';
import { IconClock, IconShieldCheck, IconShieldX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { Empty } from '@/parts/Empty';
import { Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { relativeTime, Time } from '@/parts/Time';
import { strings } from '@/strings';
import { canCompute, grewFrom } from './merkle';
import parts from '@/parts/parts.module.css';

const words = strings.audit.verification;

/** Whether the newest checkpoint's log begins with the oldest one's, as computed here from the server's proof. */
async function checkGrowth(project: string | undefined, first: { size: number; root: string }, last: { size: number; root: string }): Promise<boolean> {
  const { proof } = await data(api.GET('/api/v1/audit/consistency', { params: { query: { project, from: first.size, to: last.size } } }));
  return grewFrom(first.size, last.size, first.root, last.root, proof);
}

export function Verification({ project }: { readonly project: string | undefined }) {
  const key = ['audit', 'checkpoints', project];
  const checkpoints = usePages(key, (cursor) => data(api.GET('/api/v1/audit/checkpoints', { params: { query: { project, cursor } } })));
  const size = useQuery({
    queryKey: ['audit', 'size', project],
    queryFn: async () => {
      const { items } = await data(api.GET('/api/v1/audit/events', { params: { query: { project, limit: 1 } } }));
      return Number((items[0] as { seq?: number } | undefined)?.seq ?? 0);
    },
  });
  const newest = checkpoints.items?.[0];
  const oldest = checkpoints.items?.at(-1);
  const two = newest !== undefined && oldest !== undefined && newest.size > oldest.size;
  const growth = useQuery({
    queryKey: ['audit', 'growth', project, oldest?.size, newest?.size],
    enabled: two && canCompute(),
    placeholderData: undefined,
    queryFn: () => (two ? checkGrowth(project, oldest, newest) : undefined),
  });
  if (checkpoints.error) return <Refusal fault={checkpoints.error} onRetry={() => void checkpoints.refetch()} />;
  if (!checkpoints.items || size.data === undefined) return size.error ? <Refusal fault={size.error} /> : <Waiting />;
  const bad = growth.data === false || growth.error !== null;
  return (
    <Stack maw={960} gap="lg">
      {newest === undefined ? <Empty icon={IconClock} title={words.none}>{words.noneHelp}</Empty> : (
        <Alert color={bad ? 'red' : growth.data ? 'teal' : 'gray'} style={{ background: bad ? 'var(--bad-soft)' : growth.data ? 'var(--good-soft)' : 'var(--surface)' }} icon={bad ? <IconShieldX size={20} /> : <IconShieldCheck size={20} />} role="status"
          title={words.good(size.data, relativeTime(new Date(newest.time), new Date()), newest.size)}>
          <Text size="sm">{bad ? words.bad : !two ? words.one : !canCompute() ? words.cannot : growth.data ? words.checkedGrowth(oldest.size, newest.size) : strings.common.loading}</Text>
          {size.data > newest.size && <Text size="sm" mt={4}>{words.open(size.data - newest.size)}</Text>}
        </Alert>
      )}
      <Refusal fault={growth.error} />
      <div style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 320px), 1fr))', gap: 24 }}>
        <section><Title order={2} mb={6}>{words.proves}</Title><List size="sm" spacing={4}>{words.provesText.map((text) => <List.Item key={text}>{text}</List.Item>)}</List></section>
        <section><Title order={2} mb={6}>{words.not}</Title><List size="sm" spacing={4}>{words.notText.map((text) => <List.Item key={text}>{text}</List.Item>)}</List></section>
      </div>
      <Offline project={project} />
      {checkpoints.items.length > 0 && (
        <section>
          <Title order={2} mb={6}>{words.checkpoints}</Title>
          <div className={parts.scroll}>
            <table className={parts.table}>
              <thead><tr><th>{words.made}</th><th>{words.size}</th><th>{words.root}</th><th>{words.key}</th></tr></thead>
              <tbody>
                {checkpoints.items.map((one) => (
                  <tr key={one.size}>
                    <td><Time at={one.time} /></td>
                    <td style={{ whiteSpace: 'nowrap' }}>{words.events(one.size)}</td>
                    <td className={parts.mono} title={one.root}>{`${one.root.slice(0, 16)}…`}</td>
                    <td className={parts.mono} title={one.key_id}>{one.key_id.slice(0, 16)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <MorePages query={checkpoints} />
        </section>
      )}
    </Stack>
  );
}

function Offline({ project }: { readonly project: string | undefined }) {
  const name = project ?? 'installation';
  const commands = [
    `promptops audit export${project === undefined ? '' : ` --project ${project}`} -o ${name}.jsonl`,
    `promptops audit verify ${name}.jsonl --trust-key installation.pub --checkpoints audit-checkpoints.jsonl`,
  ].join('\n');
  return (
    <section>
      <Title order={2} mb={6}>{words.offline}</Title>
      <Text size="sm" mb={8} maw={720}>{words.offlineLead}</Text>
      <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{commands}</Code>
      <CopyButton value={commands}>{({ copied, copy }) => <Button mt={8} size="xs" variant="default" onClick={copy}>{copied ? strings.common.copied : strings.common.copy}</Button>}</CopyButton>
    </section>
  );
}
