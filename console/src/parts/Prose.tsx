/** What people wrote, as Markdown. No HTML of theirs is kept, and links lead out in a tab of their own. */
import Markdown from 'react-markdown';
import classes from './prose.module.css';

export function Prose({ children }: { readonly children: string }) {
  return (
    <div className={classes.prose}>
      <Markdown skipHtml components={{ a: ({ href, children: text }) => <a href={href} target="_blank" rel="noreferrer noopener">{text}</a>, img: ({ alt }) => <span>{alt}</span> }}>{children}</Markdown>
    </div>
  );
}
