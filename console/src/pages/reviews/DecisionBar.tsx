/** Always in sight: what this person can decide about the request, and what it would mean. */
import { Button, Menu, Tooltip } from '@mantine/core';
import { IconCheck, IconChevronDown, IconPencil } from '@tabler/icons-react';
import { useState } from 'react';
import type { RequestOut } from '@/api/schema';
import { useCan, useMe } from '@/api/session';
import { links, withSheet } from '@/links';
import { useGo } from '@/parts/navigate';
import { strings } from '@/strings';
import { DecisionDialog } from './DecisionDialog';
import { AGAIN_STATES, OPEN_STATES, roleOf, stepOf, type Verdict } from './decision';
import type { useReviewActions } from './useReview';
import classes from './reviews.module.css';

const words = strings.reviews;

export function DecisionBar({ request, actions }: { readonly request: RequestOut; readonly actions: ReturnType<typeof useReviewActions> }) {
  const go = useGo();
  const me = useMe();
  const [asked, ask] = useState<Verdict | null>(null);
  const address = `${request.project}/${request.path}`;
  const may = { review: useCan('review:review', address), validate: useCan('review:validate', address), approve: useCan('review:approve', address) };
  const withdraw = useCan('review:request', address);
  const revoke = useCan('review:revoke', address);
  const open = OPEN_STATES.includes(request.state);
  const offered = open ? stepOf(request.missing, may) : null;
  const mayDecide = Object.values(may).some((can) => can?.allowed === true);
  const step = offered?.step ?? 'approve';
  const role = words.decide.roles[roleOf(step, request.project, me?.roles ?? [])];
  const begin = (verdict: Verdict): void => {
    actions.decide.reset();
    ask(verdict);
  };
  const said = !open
    ? (words.decide.closed[request.state] ?? '')
    : offered?.can?.allowed === true
      ? `${words.decide.meaning(offered.step, request.version, role, request.signatures)}${request.signatures ? ` ${words.decide.signing}` : ''}`
      : `${words.decide.waits(words.waits(request.missing))} ${offered?.can?.reason ?? ''}`;
  return (
    <section className={classes.bar} aria-label={words.decide.bar}>
      <p className={classes.barText} style={{ margin: 0 }}>{said}</p>
      <div className={classes.barActions}>
        {request.state === 'approved' && (
          <Button onClick={() => go(withSheet(links.review(request.project, request.request), { sheet: 'publish', prompts: `${request.path}@${request.version}` }))}>{words.decide.publish}</Button>
        )}
        {AGAIN_STATES.includes(request.state) && (
          <Button variant="default" disabled={withdraw?.allowed !== true} title={withdraw?.allowed === false ? withdraw.reason : undefined} onClick={() => go(links.reviews(request.project, { new: `${request.path}@${request.newest}` }))}>{words.decide.again(request.newest)}</Button>
        )}
        {open && mayDecide && <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={() => begin('request_changes')}>{words.decide.request_changes}</Button>}
        {offered && (
          <Tooltip label={`${offered.can?.reason ?? ''} ${offered.can?.remedy ?? ''}`} disabled={offered.can?.allowed !== false} events={{ hover: true, focus: true, touch: true }}>
            <Button
              leftSection={<IconCheck size={16} aria-hidden />} aria-disabled={offered.can?.allowed !== true} data-disabled={offered.can?.allowed !== true || undefined}
              onClick={() => offered.can?.allowed === true && begin('approve')}
            >
              {words.decide.approve(step)}
            </Button>
          </Tooltip>
        )}
        <Menu position="top-end">
          <Menu.Target><Button variant="default" px={10} aria-label={words.decide.more} title={words.decide.more}><IconChevronDown size={16} /></Button></Menu.Target>
          <Menu.Dropdown>
            <Menu.Item disabled={!open || !mayDecide} color="red" onClick={() => begin('reject')}>{words.decide.reject}</Menu.Item>
            <Menu.Item disabled={!['in_review', 'changes_requested', 'reviewed', 'approved'].includes(request.state) || withdraw?.allowed !== true} onClick={() => begin('withdraw')}>{words.decide.withdraw}</Menu.Item>
            <Menu.Item disabled={!['approved', 'lapsed'].includes(request.state) || revoke?.allowed !== true} color="red" onClick={() => begin('revoke')}>{words.decide.revoke}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      {asked && <DecisionDialog request={request} verdict={asked} step={step} decide={actions.decide} onClose={() => ask(null)} />}
    </section>
  );
}
