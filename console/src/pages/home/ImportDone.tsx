/** What an import did to each prompt, refused ones first. */
import { Button, Group, Stack } from '@mantine/core';
import type { ImportOut } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { Chip } from '@/parts/Chip';
import { useGo } from '@/parts/navigate';
import { strings } from '@/strings';
import { counts } from './intake';
import parts from '@/parts/parts.module.css';

const words = strings.home.import;
const SHOWN = 200;

export type Result = ImportOut['items'][number];

export function ImportDone({ project, results, onAgain }: { readonly project: string; readonly results: readonly Result[]; readonly onAgain: () => void }) {
  const go = useGo();
  const { created = 0, updated = 0, refused = 0 } = counts(results);
  return (
    <Stack>
      <p role="status">{words.done(created, updated)}{refused > 0 && `. ${words.sums.refused?.(refused)}`}</p>
      <div className={parts.scroll}>
        <table className={parts.table}>
          <thead><tr><th>{words.path}</th><th>{words.result}</th><th>{words.why}</th></tr></thead>
          <tbody>
            {[...results].sort((a, b) => Number(b.result === 'refused') - Number(a.result === 'refused')).slice(0, SHOWN).map((one) => (
              <tr key={one.path}>
                <td>{one.result === 'refused' ? one.path : <AppLink href={links.prompt(project, one.path)}>{one.path}</AppLink>}</td>
                <td><Chip tone={one.result === 'refused' ? 'bad' : 'good'}>{words.results[one.result] ?? one.result}{one.version !== null && ` · v${one.version}`}</Chip></td>
                <td>{one.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {results.length > SHOWN && <p>{words.moreItems(results.length - SHOWN)}</p>}
      </div>
      <Group><Button onClick={() => go(links.prompts(project))}>{words.toPrompts}</Button><Button variant="default" onClick={onAgain}>{words.again}</Button></Group>
    </Stack>
  );
}
