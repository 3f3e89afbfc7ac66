/** One request in a list: what, where it stands, what it waits for. */
import type { RequestOut } from '@/api/schema';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { StateChip, TierChip } from '@/parts/Chip';
import { Person } from '@/parts/Person';
import { Time } from '@/parts/Time';
import { strings } from '@/strings';
import classes from './reviews.module.css';

const words = strings.reviews;

export function RequestRow({ request }: { readonly request: RequestOut }) {
  const line = request.message.split('\n')[0] ?? '';
  return (
    <div role="listitem">
      <AppLink plain data-row className={classes.row} href={links.review(request.project, request.request)}>
        <span className={classes.what}>
          <span className={classes.path}>{request.path} <span className={classes.soft}>{strings.common.version(request.version)}</span></span>
          <span className={classes.soft}>{words.number(request.request)} {words.opened} <Time at={request.opened_at} /> · <Person name={request.opened_by} project={request.project} />{line !== '' && ` · ${line}`}</span>
        </span>
        <span className={classes.chips}>
          {request.missing.length > 0 && ['in_review', 'reviewed', 'changes_requested'].includes(request.state) && <span className={classes.soft}>{words.waits(request.missing)}</span>}
          <TierChip tier={request.tier} />
          <StateChip state={request.state} />
        </span>
      </AppLink>
    </div>
  );
}
