/** Everything that fits a few words, by kind. */
import { SegmentedControl } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import type { HitOut } from '@/api/schema';
import { AppLink } from '@/parts/AppLink';
import { Empty } from '@/parts/Empty';
import { findQuickly, HIT_ICONS, HIT_KINDS, hitHref } from '@/parts/hits';
import { useAddressQuery } from '@/parts/navigate';
import { Page, Waiting } from '@/parts/Page';
import { MorePages, usePages } from '@/parts/Pages';
import { Refusal } from '@/parts/Refusal';
import { strings } from '@/strings';
import { FindField } from './ProjectsPage';
import classes from './home.module.css';

const words = strings.home.search;

export function SearchPage() {
  const [{ q = '', kind = '' }, set] = useAddressQuery();
  const found = usePages(['search', 'all', q], (cursor) => findQuickly(q, cursor), q !== '');
  const items = q === '' ? [] : found.items ?? [];
  const kinds = HIT_KINDS.filter((one) => items.some((hit) => hit.kind === one));
  const shown = kinds.filter((one) => kind === '' || one === kind);
  return (
    <Page title={words.title} width="read">
      <div className={classes.tools}>
        <FindField label={words.label} q={q} autoFocus onFind={(text) => set({ q: text, kind: undefined })} />
      </div>
      {kinds.length > 1 && (
        <SegmentedControl size="xs" mb="md" value={kind} onChange={(value) => set({ kind: value || undefined })} data={[{ value: '', label: words.all }, ...kinds.map((one) => ({ value: one, label: words.kinds[one] }))]} />
      )}
      <Refusal fault={found.error} />
      {q === '' && <Empty icon={IconSearch} title={words.start}>{words.hint}</Empty>}
      {q !== '' && found.isPending && <Waiting />}
      {q !== '' && found.items?.length === 0 && <Empty icon={IconSearch} title={words.none(q)}>{words.noneHelp}</Empty>}
      {shown.map((one) => (
        <section key={one} className={classes.part} aria-label={words.kinds[one]}>
          <h2>{words.kinds[one]}</h2>
          <Hits items={items.filter((hit) => hit.kind === one)} />
        </section>
      ))}
      {q !== '' && <MorePages query={found} />}
    </Page>
  );
}

function Hits({ items }: { readonly items: readonly HitOut[] }) {
  return (
    <ul className={classes.hits}>
      {items.map((hit) => {
        const Mark = HIT_ICONS[hit.kind];
        return (
          <li key={`${hit.address} ${hit.number ?? ''}`}>
            <AppLink plain href={hitHref(hit)}>
              <Mark size={18} stroke={1.6} aria-hidden />
              <span>{hit.title}<small>{hit.address}{hit.subtitle && ` · ${hit.subtitle}`}</small></span>
            </AppLink>
          </li>
        );
      })}
    </ul>
  );
}
