/** Where am I: the address of the thing, each part a link, the whole to be copied. */
import { ActionIcon, CopyButton } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { strings } from '@/strings';
import classes from './frame.module.css';

export function Breadcrumbs() {
  const { project, environment, _splat: path } = useParams({ strict: false }) as { project?: string; environment?: string; _splat?: string };
  if (project === undefined) {
    // On a phone the rail with the product's name is away.
    return (
      <div className={classes.crumbs} data-brand>
        <AppLink plain href={links.home()} className={classes.brand}><img src="/icon.svg" alt="" width={20} height={20} />{strings.common.product}</AppLink>
      </div>
    );
  }
  const names = path ? path.split('/') : [];
  const crumbs = [{ name: project, href: links.project(project) }];
  names.forEach((name, at) => {
    const upTo = names.slice(0, at + 1).join('/');
    crumbs.push({ name, href: at === names.length - 1 ? links.prompt(project, upTo) : links.prompts(project, { module: upTo }) });
  });
  if (environment) crumbs.push({ name: environment, href: links.environment(project, environment) });
  const address = [project, ...names].join('/');
  return (
    <nav className={classes.crumbs} aria-label={strings.frame.breadcrumbs}>
      <ol>
        {crumbs.map(({ name, href }) => <li key={href}><AppLink plain href={href}>{name}</AppLink></li>)}
      </ol>
      <CopyButton value={address}>
        {({ copied, copy }) => (
          <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={copied ? strings.common.copied : strings.frame.copyAddress}>
            {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          </ActionIcon>
        )}
      </CopyButton>
    </nav>
  );
}
