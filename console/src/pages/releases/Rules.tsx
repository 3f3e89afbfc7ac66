/** An environment's rules in words; they are changed in the project's settings. */
import { IconShieldCheck } from '@tabler/icons-react';
import type { Environment } from '@/api/releases';
import { links } from '@/links';
import { LinkButton } from '@/parts/LinkButton';
import { strings } from '@/strings';
import classes from './releases.module.css';

const words = strings.releases;

export function Rules({ project, environment }: { readonly project: string; readonly environment: Environment }) {
  const rules = Object.entries(environment.rules_in_words);
  return (
    <>
      {rules.length === 0 && !environment.approval_required && <p className={classes.soft}>{words.rulesNone}</p>}
      <ul className={classes.rules}>
        {environment.approval_required && <Rule text={words.ruleApproval} />}
        {rules.map(([name, text]) => <Rule key={name} text={strings.sheets.gate.rule(text)} />)}
      </ul>
      <LinkButton mt={16} variant="default" href={links.projectSettings(project, 'environments')}>{words.changeRules}</LinkButton>
    </>
  );
}

function Rule({ text }: { readonly text: string }) {
  return <li className={classes.rule}><IconShieldCheck size={20} color="var(--ink-soft)" style={{ flex: 'none' }} aria-hidden />{text}</li>;
}
