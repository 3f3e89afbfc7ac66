/** How many running applications a change reaches. */
import { useQuery } from '@tanstack/react-query';
import { followersQuery } from '@/api/releases';
import { duration } from '@/parts/Time';
import { strings } from '@/strings';
import classes from './sheets.module.css';

const words = strings.sheets;

export function Reach({ project, environment }: { readonly project: string; readonly environment: string }) {
  const followers = useQuery(followersQuery(project, environment, 1));
  const summary = followers.data?.summary;
  if (!summary) return <p className={classes.soft}>{words.checking}</p>;
  const giving = summary.total - summary.silent;
  return (
    <>
      <p style={{ margin: 0, fontSize: 14 }}>{words.reaches(giving)}{giving > 0 && summary.silent > 0 ? `; ${words.reachesSilent(summary.silent)}` : ''}{giving > 0 ? '.' : ''}</p>
      {giving > 0 && summary.slowest_ms !== null && <p className={classes.soft} style={{ margin: '2px 0 0' }}>{words.lastSpread(duration(summary.slowest_ms))}</p>}
    </>
  );
}
