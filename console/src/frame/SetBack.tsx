/** Says calmly that no project takes a change, because the database is an old copy; to administrators also what was found and what to do. */
import { IconDatabaseExclamation } from '@tabler/icons-react';
import type { SessionOut } from '@/api/schema';
import { Coded } from '@/parts/Coded';
import { strings } from '@/strings';
import classes from './frame.module.css';

const words = strings.frame.setBack;

export function SetBack({ found, remedy }: NonNullable<SessionOut['set_back']>) {
  return (
    <section className={classes.banner} data-tall aria-label={words.title}>
      <IconDatabaseExclamation size={18} aria-hidden />
      <div>
        <p role="status"><strong>{words.title}</strong> {words.reading}{found === null && ` ${words.waits}`}</p>
        {found !== null && (
          <details>
            <summary>{words.details}</summary>
            <p>{words.found} <Coded>{found}</Coded></p>
            {remedy !== null && <p><strong>{strings.common.whatToDo}: </strong><Coded>{remedy}</Coded></p>}
          </details>
        )}
      </div>
    </section>
  );
}
