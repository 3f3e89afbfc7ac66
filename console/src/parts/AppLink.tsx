/** A link within the console: an ordinary `<a href>` (so it can be opened in a tab, copied, read aloud) that moves without a reload. */
import { useRouter } from '@tanstack/react-router';
import { forwardRef, type AnchorHTMLAttributes, type MouseEvent } from 'react';
import classes from './parts.module.css';
import { usePreload } from './preload';

export interface AppLinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly href: string;
  /** No underline, the colour of what surrounds it: for chips, rows and the rail. */
  readonly plain?: boolean;
}

export const AppLink = forwardRef<HTMLAnchorElement, AppLinkProps>(function AppLink({ href, plain, onClick, className, children, ...rest }, ref) {
  const router = useRouter();
  const preload = usePreload();
  const go = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (rest.target === '_blank' || rest.download !== undefined) return;
    event.preventDefault();
    router.history.push(href);
  };
  return <a ref={ref} href={href} onClick={go} onPointerEnter={() => preload(href)} onFocus={() => preload(href)} className={[plain ? classes.plainLink : classes.link, className].filter(Boolean).join(' ')} {...rest}>{children}</a>;
});
