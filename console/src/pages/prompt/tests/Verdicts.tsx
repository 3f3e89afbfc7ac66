/** The verdict of each model on this prompt: mark and word, and its run. */
import { Text } from '@mantine/core';
import { IconCircle, IconCircleDashed, IconCircleFilled, IconCircleHalf2, IconX, type Icon } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, data } from '@/api/client';
import { projectKey } from '@/api/queries';
import { links } from '@/links';
import { Chip, type Tone } from '@/parts/Chip';
import { Waiting } from '@/parts/Page';
import { Refusal } from '@/parts/Refusal';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import shared from '@/parts/parts.module.css';

const MARKS: Readonly<Record<string, readonly [Tone, Icon]>> = {
  works: ['good', IconCircleFilled], needs_tuning: ['warn', IconCircleHalf2], fails: ['bad', IconX], untested: ['idle', IconCircle], out_of_date: ['idle', IconCircleDashed],
};

export function Verdicts({ project, path }: { readonly project: string; readonly path: string }) {
  const row = useQuery({
    queryKey: projectKey(project, 'matrix', path),
    queryFn: () => data(api.GET('/api/v1/projects/{project}/matrix/{path}', { params: { path: { project, path } } })),
  });
  if (row.error) return <Refusal fault={row.error} />;
  if (!row.data) return <Waiting lines={2} />;
  const cells = row.data.prompt?.cells ?? [];
  if (cells.length === 0) return <Text size="sm" c="dimmed">{strings.prompt.noTargets}</Text>;
  return (
    <div className={shared.scroll}>
      <table className={shared.table}>
        <tbody>
          {cells.map((cell) => {
            const [tone, icon] = MARKS[cell.verdict] ?? ['idle', IconCircle];
            return (
              <tr key={cell.target}>
                <td>{cell.target}</td>
                <td><Chip tone={tone} icon={icon} {...(cell.run === null ? {} : { href: links.run(project, cell.run) })}>{cell.verdict.replaceAll('_', ' ')}</Chip></td>
                <td>{cell.words}</td>
                <td>{cell.tested_at && <Time at={cell.tested_at} />}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
