/** How many prompts have complete records, by tier; what is missing most; what falls due. */
import { Button, Text } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { EChartsOption } from 'echarts';
import { lazy, Suspense, useMemo } from 'react';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import type { CoverageOut } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Empty } from '@/parts/Empty';
import { useGo } from '@/parts/navigate';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { again } from '@/parts/lazily';
import { strings } from '@/strings';
import classes from './compliance.module.css';

const Chart = lazy(async () => ({ default: (await again(() => import('@/parts/chart/Chart'))).Chart }));
const words = strings.compliance.coverage;
const { tiers, fields } = strings.compliance;

export function Coverage({ project }: { readonly project: string }) {
  const go = useGo();
  const coverage = useQuery({
    queryKey: projectKey(project, 'coverage'),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/coverage', { params: { path: { project } } })),
  });
  if (!coverage.data) return coverage.error ? <Refusal fault={coverage.error} onRetry={() => void coverage.refetch()} /> : <Waiting />;
  const found = coverage.data;
  const complete = found.tiers.reduce((sum, tier) => sum + tier.complete, 0);
  const incomplete = found.tiers.reduce((sum, tier) => sum + tier.incomplete, 0);
  if (complete + incomplete + found.unknown === 0) {
    return <Empty icon={IconShieldCheck} title={words.empty} action={<Button onClick={() => go(links.prompts(project))}>{words.toPrompts}</Button>}>{words.emptyHelp}</Empty>;
  }
  const due = found.due[0];
  return (
    <>
      <Text size="sm" c="dimmed" mb="md" maw={760}>{words.lead}</Text>
      <dl className={classes.figures}>
        <Figure label={words.complete} value={complete} note={`/ ${complete + incomplete}`} tone={incomplete === 0 ? 'good' : undefined} />
        <Figure label={words.incomplete} value={incomplete} tone={incomplete > 0 ? 'warn' : undefined} />
        <Figure label={words.unknown} value={found.unknown} />
        <Figure label={words.overdue} value={found.overdue} tone={found.overdue > 0 ? 'bad' : undefined} />
        {due && <Figure label={words.dueIn(due.days)} value={due.reviews} tone={due.reviews > 0 ? 'warn' : undefined} />}
        <Figure label={words.lapsed} value={found.approvals_lapsed} tone={found.approvals_lapsed > 0 ? 'warn' : undefined} />
      </dl>
      <div className={classes.charts}>
        <section><h2>{words.chart}</h2><Suspense fallback={<Waiting />}><Tiers found={found} /></Suspense></section>
        <section>
          <h2>{words.missing}</h2>
          <Text size="sm" c="dimmed">{found.fields.length === 0 ? words.allThere : words.missingLead}</Text>
          {found.fields.length > 0 && <Suspense fallback={<Waiting />}><Missing found={found} /></Suspense>}
        </section>
      </div>
      {found.unknown > 0 && <Text size="sm" c="dimmed" mt="lg">{words.unknownHelp(found.unknown)} <AppLink href={links.compliance(project, 'inventory')}>{strings.compliance.tabs.inventory}</AppLink></Text>}
    </>
  );
}

function Figure({ label, value, note, tone }: { readonly label: string; readonly value: number; readonly note?: string; readonly tone?: string }) {
  return <div className={classes.figure} data-tone={tone}><dt>{label}</dt><dd>{value.toLocaleString('en')} {note && <span className={classes.soft}>{note}</span>}</dd></div>;
}

const name = (tier: string | null): string => tiers[tier ?? 'none'] ?? '';

function Tiers({ found }: { readonly found: CoverageOut }) {
  const rows = useMemo(() => found.tiers.filter((tier) => tier.tier !== null || tier.complete + tier.incomplete > 0), [found]);
  const option = useMemo<EChartsOption>(() => ({
    tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' } },
    legend: { top: 0, left: 0 },
    grid: { left: 4, right: 16, top: 36, bottom: 4, containLabel: true },
    xAxis: { type: 'value', minInterval: 1 },
    yAxis: { type: 'category', inverse: true, data: rows.map((row) => name(row.tier)) },
    series: [
      { name: words.complete, type: 'bar', stack: 'records', barMaxWidth: 26, data: rows.map((row) => row.complete) },
      { name: words.incomplete, type: 'bar', stack: 'records', barMaxWidth: 26, data: rows.map((row) => row.incomplete), itemStyle: { decal: { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: 0.8 } } },
    ],
  }), [rows]);
  return <Chart label={words.chart} option={option} height={220} table={{ head: [words.tier, words.complete, words.incomplete], rows: rows.map((row) => [name(row.tier), row.complete, row.incomplete]) }} />;
}

function Missing({ found }: { readonly found: CoverageOut }) {
  const rows = useMemo(() => found.fields.slice(0, 12).map((field) => [`${fields[field.id] ?? field.key} (${field.id})`, field.prompts] as const), [found]);
  const option = useMemo<EChartsOption>(() => ({
    tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' } },
    grid: { left: 4, right: 16, top: 8, bottom: 4, containLabel: true },
    xAxis: { type: 'value', minInterval: 1 },
    yAxis: { type: 'category', inverse: true, data: rows.map(([label]) => label) },
    series: [{ name: words.lacking, type: 'bar', barMaxWidth: 18, color: '#e69f00', data: rows.map(([, prompts]) => prompts) }],
  }), [rows]);
  return <Chart label={words.missing} option={option} height={Math.max(140, rows.length * 30)} table={{ head: [words.field, words.lacking], rows: found.fields.map((field) => [`${fields[field.id] ?? field.key} (${field.id})`, field.prompts]) }} />;
}
