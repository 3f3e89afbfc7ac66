/** What an import would do: a line for each prompt, what would not come, and why. */
import { Alert, Button, Code, Modal, Stack, Text, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { request } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { ConvertedOut, NotCarriedOut } from '@/api/schema';
import { Chip, type Tone } from '@/parts/Chip';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { comes, counts, type Read } from './intake';
import parts from '@/parts/parts.module.css';
import classes from './home.module.css';

const words = strings.home.import;
const SideBySide = lazy(() => import('@/parts/code/SideBySide').then((part) => ({ default: part.SideBySide })));
const SHOWN = 200;
const LEFT_SHOWN = 30;
const ORDER = ['refused', 'updated', 'created', 'skipped', 'unchanged'];
const TONES: Readonly<Record<string, Tone>> = { created: 'good', updated: 'warn', refused: 'bad' };

/** Two files may give the same path: only both together name a line. */
export function keyOf({ file, path }: ConvertedOut): string {
  return `${file}\n${path}`;
}

export interface ImportPlanProps {
  readonly project: string;
  readonly items: readonly ConvertedOut[];
  /** How many things the files hold that would not come. */
  readonly left: number;
  readonly without: ReadonlySet<string>;
  readonly settling: boolean;
  readonly onTurn: (key: string) => void;
}

export function ImportPlan({ project, items, left, without, settling, onTurn }: ImportPlanProps) {
  const [looking, setLooking] = useState<ConvertedOut>();
  const counted = counts(items);
  const sum = [...ORDER.flatMap((result) => (counted[result] ? [words.sums[result]?.(counted[result]) ?? ''] : [])), ...(left > 0 ? [words.sumLeft(left)] : [])];
  const shown = [...items].sort((a, b) => ORDER.indexOf(a.result) - ORDER.indexOf(b.result)).slice(0, SHOWN);
  return (
    <>
      <Text size="sm" role="status" fw={550}>{settling ? words.reading : sum.length === 0 ? words.noPrompt : sum.join(' · ')}</Text>
      {items.length > 0 && (
        <div className={parts.scroll} style={{ maxHeight: 480 }} role="region" aria-label={words.plan}>
          <table className={parts.table}>
            <thead><tr><th>{words.path}</th><th>{words.willBe}</th><th>{words.file}</th><th>{words.why}</th><th><VisuallyHidden>{words.look}</VisuallyHidden></th></tr></thead>
            <tbody>
              {shown.map((item, at) => {
                const out = without.has(keyOf(item));
                return (
                  <tr key={`${keyOf(item)} ${at}`} style={out ? { opacity: 0.6 } : undefined}>
                    <td className={classes.planPath}>{item.path}</td>
                    <td>{out ? <Chip>{words.leftOut}</Chip> : <Chip tone={TONES[item.result] ?? 'plain'}>{words.results[item.result] ?? item.result}{comes(item) && item.version !== null && ` · v${item.version}`}</Chip>}</td>
                    <td>{item.file} <div className={classes.soft}>{words.formats[item.format] ?? item.format}</div></td>
                    <td className={classes.planWhy}>
                      {item.reason !== '' && <div>{item.reason}</div>}
                      {item.result === 'refused' && item.problems.slice(1, 4).map((problem, nth) => <div key={nth}>{words.atLine(Number(problem.line), String(problem.message))}</div>)}
                      {item.result !== 'refused' && item.notes.map((note) => <div key={note} className={classes.soft}>{note}</div>)}
                    </td>
                    <td style={{ whiteSpace: 'nowrap' }}>
                      <Button size="compact-xs" variant="subtle" aria-label={`${words.look}: ${item.path}`} onClick={() => setLooking(item)}>{words.look}</Button>
                      {comes(item) && <Button size="compact-xs" variant="subtle" aria-label={`${out ? words.takeAgain : words.remove}: ${item.path}`} onClick={() => onTurn(keyOf(item))}>{out ? words.takeAgain : words.remove}</Button>}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
          {items.length > SHOWN && <Text size="sm" c="dimmed" p="xs">{words.moreItems(items.length - SHOWN)}</Text>}
        </div>
      )}
      <Modal opened={looking !== undefined} onClose={() => setLooking(undefined)} title={looking?.path} size="min(1100px, 96vw)">
        {looking && <Look project={project} item={looking} />}
      </Modal>
    </>
  );
}

/** The prompt file as it would come, beside the one that is there. */
function Look({ project, item }: { readonly project: string; readonly item: ConvertedOut }) {
  const changes = item.result === 'updated' || item.result === 'skipped';
  const there = useQuery({
    queryKey: projectKey(project, 'prompts', item.path, 'text'), enabled: changes,
    queryFn: async () => (await request(`/api/v1/projects/${encodeURIComponent(project)}/prompts/${item.path}`, { headers: { Accept: 'application/yaml' } })).text(),
  });
  if (!changes) return <Code block className={classes.planText} tabIndex={0}>{item.content}</Code>;
  if (there.data === undefined) return there.error ? <Refusal fault={there.error} /> : <Waiting lines={6} />;
  return <Suspense fallback={<Waiting lines={6} />}><SideBySide before={there.data} after={item.content} labels={[words.there, words.fromFile]} /></Suspense>;
}

/** What the files hold that would not come: said by the server, or seen here. */
export function NotComing({ left, unfit }: { readonly left: readonly NotCarriedOut[]; readonly unfit: readonly Read[] }) {
  const lines = [
    ...unfit.flatMap(({ name, unfit: why }) => (why === undefined ? [] : [{ place: name, reason: words.reasons[why] ?? why }])),
    ...left.map(({ file, where, key, reason }) => ({ place: [file, where, key].filter((one) => one !== '').join(', '), reason })),
  ];
  if (lines.length === 0) return null;
  return (
    <Alert color="orange" title={words.left(lines.length)}>
      <Stack gap={4}>
        {lines.slice(0, LEFT_SHOWN).map(({ place, reason }, at) => <div key={at}><strong>{place}</strong>: {reason}</div>)}
        {lines.length > LEFT_SHOWN && <div>{words.moreItems(lines.length - LEFT_SHOWN)}</div>}
      </Stack>
    </Alert>
  );
}
