/** On a phone: Home, Prompts, Reviews, More. */
import { IconClipboardCheck, IconFileText, IconHome, IconMenu2 } from '@tabler/icons-react';
import { UnstyledButton } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { usePathname } from '@/parts/navigate';
import { strings } from '@/strings';
import classes from './frame.module.css';

const words = strings.frame;

export function BottomBar({ onMore }: { readonly onMore: () => void }) {
  const { project } = useParams({ strict: false });
  const pathname = usePathname();
  const places = project === undefined
    ? [{ label: words.home, href: links.home(), icon: IconHome }, { label: words.work, href: links.work(), icon: IconClipboardCheck }]
    : [
        { label: words.home, href: links.project(project), icon: IconHome },
        { label: words.prompts, href: links.prompts(project), icon: IconFileText },
        { label: words.reviews, href: links.reviews(project), icon: IconClipboardCheck },
      ];
  return (
    <nav className={classes.foot} aria-label={words.navigation}>
      {places.map(({ label, href, icon: Mark }) => (
        <AppLink key={href} plain href={href} aria-current={pathname === href ? 'page' : undefined} className={classes.footPlace}>
          <Mark size={20} stroke={1.6} aria-hidden />
          {label}
        </AppLink>
      ))}
      <UnstyledButton className={classes.footPlace} onClick={onMore}>
        <IconMenu2 size={20} stroke={1.6} aria-hidden />
        {words.menu}
      </UnstyledButton>
    </nav>
  );
}
