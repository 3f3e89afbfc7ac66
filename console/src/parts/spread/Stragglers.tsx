/** The running applications that do not have a release yet. */
import type { Follower } from '@/api/releases';
import { StateChip } from '@/parts/Chip';
import tables from '@/parts/parts.module.css';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';

const words = strings.sheets;

export function Stragglers({ items }: { readonly items: readonly Follower[] }) {
  if (items.length === 0) return null;
  return (
    <section aria-label={words.stragglers} style={{ marginTop: 20 }}>
      <h3 style={{ margin: '0 0 6px', fontSize: 14, fontWeight: 600 }}>{words.stragglers}</h3>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={tables.scroll} tabIndex={0} role="group" aria-label={words.stragglers}>
        <table className={tables.table}>
          <thead><tr><th>{words.host}</th><th>{words.process}</th><th>{words.client}</th><th>{words.holds}</th><th>{words.state}</th><th>{words.lastSeen}</th></tr></thead>
          <tbody>
            {items.map(({ id, host, process, sdk, release, state, last_seen: seen }) => (
              <tr key={id}><td>{host}</td><td>{process}</td><td>{sdk}</td><td>{`r${release}`}</td><td><StateChip state={words.states[state] ?? state} /></td><td><Time at={seen} /></td></tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
