/** What happened in a project, in sentences with links. */
import { IconArchive, IconBan, IconCircleDot, IconClipboardCheck, IconFileImport, IconPencil, IconRocket, IconSettings, type Icon } from '@tabler/icons-react';
import type { ItemOut } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { EnvironmentChip, ReleaseChip, VersionChip } from '@/parts/Chip';
import { Person } from '@/parts/Person';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import { sentence } from './activity';
import classes from './activity.module.css';

const words = strings.home.activity;

function iconOf(kind: string): Icon {
  if (kind.startsWith('review')) return IconClipboardCheck;
  if (kind.startsWith('record') || kind === 'project' || kind === 'environment') return IconSettings;
  return ({ edit: IconPencil, push: IconPencil, import: IconFileImport, publish: IconRocket, rollback: IconRocket, unpublish: IconBan, suspend: IconBan, archive: IconArchive } as Record<string, Icon>)[kind] ?? IconCircleDot;
}

export interface ActivityListProps {
  readonly project: string;
  readonly items: readonly ItemOut[];
  /** The prompt whose page it is: it is not named again, only its version. */
  readonly of?: string;
}

export function ActivityList({ project, items, of }: ActivityListProps) {
  if (items.length === 0) return <p className={classes.soft}>{strings.home.project.noActivity}</p>;
  return (
    <ol className={classes.activity}>
      {items.map((item, at) => {
        const own = of === undefined ? undefined : item.prompts.find(({ path }) => path === of);
        const said = sentence(own === undefined ? item : { ...item, prompts: [own] });
        const Mark = iconOf(item.kind);
        return (
          <li key={`${item.at} ${at}`}>
            <Mark size={16} stroke={1.7} aria-hidden />
            <div>
              <p>
                <strong><Person name={item.actor} /></strong> {said.verb}{' '}
                {said.prompts.map(({ path, version }) => (
                  <span key={path}>{path === of ? version !== null && <VersionChip project={project} path={path} version={version} /> : <><AppLink href={links.prompt(project, path, { v: version ?? undefined })}>{path}</AppLink>{version !== null && ` ${words.version(version)}`}</>} </span>
                ))}
                {said.more > 0 && `${words.and(said.more)} `}
                {item.environment && <>{said.preposition} <EnvironmentChip project={project} environment={item.environment} /> </>}
                {item.environment && item.release !== null && <ReleaseChip project={project} environment={item.environment} number={item.release} />}
              </p>
              {item.reason && <p className={classes.soft}>“{item.reason}”{item.ticket && ` · ${item.ticket}`}</p>}
            </div>
            <span className={classes.soft}><Time at={item.at} /></span>
          </li>
        );
      })}
    </ol>
  );
}
