/** A link that looks like a button: an ordinary `<a href>` that moves without a reload. */
import { Button, type ButtonProps } from '@mantine/core';
import type { MouseEvent, ReactNode } from 'react';
import { useGo } from './navigate';
import { usePreload } from './preload';

export interface LinkButtonProps extends ButtonProps {
  readonly href: string;
  readonly children: ReactNode;
  readonly title?: string | undefined;
  readonly 'aria-label'?: string;
}

export function LinkButton({ href, ...rest }: LinkButtonProps) {
  const go = useGo();
  const preload = usePreload();
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(href);
  };
  return <Button component="a" href={href} onClick={follow} onPointerEnter={() => preload(href)} onFocus={() => preload(href)} {...rest} />;
}
