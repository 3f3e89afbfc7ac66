/** A check in words, for people who do not read YAML. Pure; what is not known is said with its kind and settings. */
import { strings } from '@/strings';

const words = strings.suites.checks;
type Settings = Readonly<Record<string, unknown>>;

/** What a check asks of an answer. */
export function checkWords(kind: string, settings: unknown): string {
  const said: Settings = typeof settings === 'object' && settings !== null && !Array.isArray(settings) ? (settings as Settings) : {};
  const known = SAY[kind]?.(said);
  return known === undefined || known === '' ? [kind, JSON.stringify(settings)].join(' ') : known;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value) ?? '');
const quoted = (value: unknown): string => `“${text(value)}”`;
const list = (value: unknown, between: string): string => (Array.isArray(value) ? value.map(text).join(between) : text(value));

function range(said: Settings): string {
  if (said.minimum !== undefined && said.maximum !== undefined) return words.between(text(said.minimum), text(said.maximum));
  return said.minimum !== undefined ? words.atLeast(text(said.minimum)) : words.atMost(text(said.maximum));
}

const SAY: Readonly<Record<string, (said: Settings) => string>> = {
  string: (said) =>
    (Object.keys(words.string) as (keyof typeof words.string)[]).filter((key) => said[key] !== undefined).map((key) => `${words.string[key]} ${quoted(said[key])}`).join(words.and),
  regex: (said) => words.regex(text(said.pattern), said.absent === true, said.whole === true) + (said.ignoreCase === true ? words.ignoringCase : ''),
  number: (said) => words.number(said.absolute !== undefined ? words.within(text(said.absolute)) : typeof said.relative === 'number' ? words.within(`${said.relative * 100} %`) : ''),
  jsonSchema: () => words.jsonSchema,
  jsonPath: (said) => words.jsonPath(text(said.path)) + (said.equals === undefined ? '' : ` ${quoted(said.equals)}`),
  toolCall: (said) => (said.none === true ? words.noToolCall : words.toolCall(text(said.name))),
  length: (said) => words.length(range(said), text(said.unit ?? 'characters')),
  language: (said) => words.language(list(said.is, words.or)),
  refusal: (said) => words.refusal(said.expected === true),
  similarity: (said) => words.similarity(text(said.minimum ?? '')),
  llm: (said) => words.llm(text(said.target ?? said.modelId ?? '')),
  latency: (said) => words.latency(text(said.maximum ?? said.firstToken)),
  cost: (said) => words.cost(text(said.maximum)),
  tokens: (said) => words.tokens(Object.entries(said).map(([name, most]) => `${name} ${words.atMost(text(most))}`).join(', ')),
  python: (said) => words.python(text(said.name)),
};
