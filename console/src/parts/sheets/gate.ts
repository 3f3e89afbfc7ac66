/** The gate's answer as a checklist: the server's conditions in groups, each unmet one with the place that fixes it. */
import { links, withSheet } from '@/links';
import { strings } from '@/strings';

const words = strings.sheets.gate;

export interface Unmet {
  readonly rule: string;
  readonly detail: string;
  readonly remedy: string;
}

/** Where an unmet condition is fixed: another page, a field of this sheet, or somebody else who gets the link. */
export type Fix =
  | { readonly kind: 'page'; readonly label: string; readonly href: string }
  | { readonly kind: 'field'; readonly label: string; readonly field: 'ticket' | 'when' }
  | { readonly kind: 'share'; readonly label: string };

export interface Condition {
  readonly unmet: Unmet;
  readonly fix: Fix | null;
}

export interface Group {
  readonly key: string;
  readonly label: string;
  readonly conditions: readonly Condition[];
}

export interface Asked {
  readonly project: string;
  readonly environment: { readonly name: string; readonly approval_required: boolean; readonly rules: Readonly<Record<string, unknown>>; readonly rules_in_words: Readonly<Record<string, string>> };
  /** The versions asked for, so that a sentence about `path@7` finds its prompt. */
  readonly prompts: readonly { readonly path: string; readonly version: number }[];
  /** The page below the sheet. */
  readonly here: string;
}

const PAPERS = ['approval', 'record', 'separation'] as const;

/** Groups in the order people work through them; one without conditions is met. In an emergency only what is unmet is told. */
export function checklist(unmet: readonly Unmet[], asked: Asked, emergency = false): readonly Group[] {
  const left = new Set(unmet);
  const take = (wanted: (rule: string) => boolean): Condition[] => {
    const found = [...left].filter((one) => wanted(one.rule));
    for (const one of found) left.delete(one);
    return found.map((one) => ({ unmet: one, fix: fixOf(one, asked) }));
  };
  const groups: Group[] = [];
  for (const kind of PAPERS) {
    const conditions = take((rule) => rule.startsWith(`${kind}.`));
    if (conditions.length > 0 || (asked.environment.approval_required && !emergency)) groups.push({ key: kind, label: words[kind], conditions });
  }
  for (const [name, label] of Object.entries(asked.environment.rules_in_words)) {
    const conditions = take((rule) => rule === `rule.${name}`);
    if (conditions.length > 0 || !emergency) groups.push({ key: name, label: words.rule(label), conditions });
  }
  const rest = take(() => true);
  if (rest.length > 0) groups.unshift({ key: 'other', label: words.other, conditions: rest });
  return groups;
}

/** The prompt a sentence is about: its beginning says `path@version` or `path`. */
function promptOf(detail: string, prompts: Asked['prompts']): Asked['prompts'][number] | undefined {
  const [start = ''] = detail.split(/[:\s]/, 1);
  const [path] = start.split('@');
  return prompts.find((one) => one.path === path) ?? (prompts.length === 1 ? prompts[0] : undefined);
}

function environmentIn(rules: Asked['environment']['rules'], name: string): string | undefined {
  const rule = rules[name];
  if (typeof rule !== 'object' || rule === null || !('environment' in rule)) return undefined;
  return typeof rule.environment === 'string' ? rule.environment : undefined;
}

/** The remedy's words, but not a command to type where the page has a control that does the same. */
export function remedyOf({ unmet, fix }: Condition): string | null {
  return unmet.remedy === '' || (fix !== null && unmet.remedy.includes('`promptops ')) ? null : unmet.remedy;
}

/** What mends an unmet condition; null where only the remedy's words help. */
export function fixOf(unmet: Unmet, { project, environment, prompts, here }: Asked): Fix | null {
  const [area = '', name = ''] = unmet.rule.split(/\.(.*)/s);
  const prompt = promptOf(unmet.detail, prompts);
  const page = (label: string, href: string): Fix => ({ kind: 'page', label, href });
  const request = /request #(\d+)/.exec(unmet.detail)?.[1];
  if (area === 'approval' && request !== undefined && name !== 'lapsed') return page(words.openRequest(Number(request)), links.review(project, Number(request)));
  if (area === 'approval' || unmet.rule === 'gate.papers') {
    return prompt ? page(words.requestReview, links.reviews(project, { new: `${prompt.path}@${prompt.version}` })) : null;
  }
  if (area === 'record') return prompt ? page(words.completeRecord, links.prompt(project, prompt.path, { tab: 'record', v: prompt.version, field: name })) : null;
  if (area === 'separation') return { kind: 'share', label: words.share };
  if (unmet.rule === 'rule.ticket_required') return { kind: 'field', label: words.nameTicket, field: 'ticket' };
  if (unmet.rule === 'rule.windows' || unmet.rule === 'rule.freeze') return { kind: 'field', label: words.schedule, field: 'when' };
  if (unmet.rule === 'rule.works_on') return prompts.length === 1 && prompts[0] ? page(words.runTests, links.prompt(project, prompts[0].path, { tab: 'tests' })) : page(words.seeMatrix, links.matrix(project));
  if (unmet.rule === 'rule.only_from' || unmet.rule === 'rule.min_minutes_in') {
    const first = environmentIn(environment.rules, name);
    if (first === undefined) return null;
    return page(words.publishFirst(first), withSheet(here, { sheet: 'publish', to: first, prompts: prompts.map((one) => `${one.path}@${one.version}`).join(',') }));
  }
  if (unmet.rule === 'review.overdue') return page(words.certify, links.compliance(project, 'certifications'));
  if (unmet.rule === 'gate.retired' || unmet.rule === 'gate.redacted') return prompt ? page(words.openPrompt, links.prompt(project, prompt.path)) : null;
  if (unmet.rule === 'gate.role' || area === 'role' || area === 'access') return { kind: 'share', label: words.share };
  return null;
}
