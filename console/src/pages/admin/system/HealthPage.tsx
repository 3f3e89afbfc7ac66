/** How each part of the running system is, what to do about it, refreshed every 5 seconds. */
import { Alert, Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconPlugConnectedX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Chip } from '@/parts/Chip';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { AdminPage } from '../AdminPage';
import { remedyOf } from './remedy';
import classes from '../admin.module.css';

const words = strings.admin.health;
const LOOKS = { ok: ['good', IconCircleCheck], warning: ['warn', IconAlertTriangle], failed: ['bad', IconCircleX] } as const;
const WHOLE = { ok: words.allOk, warning: words.someWarning, failed: words.someFailed } as const;

export function HealthPage() {
  const found = useQuery({ queryKey: ['system', 'health'], refetchInterval: 5000, staleTime: 0, retry: 1, queryFn: () => data(api.GET('/api/v1/system/health')) });
  const health = found.data;
  return (
    <AdminPage page="health">
      {found.error && health && <Alert color="orange" icon={<IconPlugConnectedX size={18} />} role="alert">{words.away}</Alert>}
      {!health && (found.error ? <Refusal fault={found.error} onRetry={() => void found.refetch()} /> : <Waiting />)}
      {health && (
        <>
          <Group gap="sm" aria-live="polite">
            <Status status={health.status} label={WHOLE[health.status]} />
            <Text size="sm" c="dimmed">{words.checked} <Time at={health.at} exact /></Text>
            <Text size="sm" c="dimmed">{`PromptOps ${health.version} · ${words.started.toLowerCase()}`} <Time at={health.started_at} /></Text>
          </Group>
          <section className={classes.grid} aria-label={words.label}>
            {health.items.map((line) => {
              const remedy = line.status === 'ok' ? null : remedyOf(line.part);
              return (
                <div key={line.part} className={classes.card}>
                  <Group justify="space-between" mb={4}><Text fw={600} size="sm">{line.part.charAt(0).toUpperCase() + line.part.slice(1)}</Text><Status status={line.status} label={words[line.status]} /></Group>
                  <Text size="sm" style={{ overflowWrap: 'anywhere' }}>{line.words}</Text>
                  {remedy !== null && <Text size="sm" mt={4}><strong>{words.whatToDo}: </strong>{remedy}</Text>}
                  {line.part === 'jobs' && line.status !== 'ok' && <AppLink href={links.admin('jobs', { state: 'failed' })}>{words.jobsLink}</AppLink>}
                </div>
              );
            })}
          </section>
          {health.behind.length > 0 && (
            <section>
              <h2 className={classes.section}>{words.behind}</h2>
              {health.behind.map((one) => <Text key={`${one.project}/${one.environment}`} size="sm"><AppLink href={links.environment(one.project, one.environment)}>{`${one.project} · ${one.environment}`}</AppLink> {words.behindLine(one.release, one.in_redis)}</Text>)}
            </section>
          )}
          <section>
            <h2 className={classes.section}>{words.workers}</h2>
            {health.workers.length === 0 ? <Text size="sm" c="dimmed">{words.noWorkers}</Text> : health.workers.map((worker) => (
              <Group key={worker.id} gap="xs" mb={4}><Chip tone={worker.alive ? 'good' : 'bad'} icon={worker.alive ? IconCircleCheck : IconCircleX}>{worker.alive ? words.alive : words.silent}</Chip><Text size="sm" ff="monospace" style={{ overflowWrap: 'anywhere' }}>{worker.id}</Text><Text size="sm" c="dimmed"><Time at={worker.seen_at} /></Text></Group>
            ))}
          </section>
        </>
      )}
    </AdminPage>
  );
}

function Status({ status, label }: { readonly status: keyof typeof LOOKS; readonly label: string }) {
  const [tone, icon] = LOOKS[status];
  return <Chip tone={tone} icon={icon}>{label}</Chip>;
}
