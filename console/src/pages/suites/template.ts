/** What a new suite begins with: one case with values for the prompt's variables, and a check that holds it against what is expected. */

interface PromptFile {
  readonly inputs?: Readonly<Record<string, { readonly type?: string; readonly default?: unknown } | null>> | null;
  readonly testData?: readonly Readonly<Record<string, unknown>>[] | null;
}

/** A value of the variable's type that is marked as one to fill in. */
function blank(name: string, type: string | undefined): unknown {
  switch (type) {
    case 'number': case 'integer': return 0;
    case 'boolean': return false;
    case 'array': return [];
    case 'object': return {};
    default: return `TODO ${name}`;
  }
}

/** The first row of the prompt's own test data where it has one, else defaults, else blanks. JSON is YAML, so values are written as such. */
export function templateFor(file: PromptFile | null | undefined): string {
  const first = file?.testData?.[0] ?? {};
  const values = Object.entries(file?.inputs ?? {}).map(([name, said]) => [name, first[name] ?? said?.default ?? blank(name, said?.type)] as const);
  const expected = typeof first.expected === 'string' ? first.expected : 'TODO what the answer contains';
  return `name: What this suite is for
cases:
  - name: a first case
    inputs:${values.length === 0 ? ' {}' : ''}
${values.map(([name, value]) => `      ${JSON.stringify(name)}: ${JSON.stringify(value)}\n`).join('').replaceAll(/^( +)"([A-Za-z_]\w*)":/gm, '$1$2:')}    expected: ${JSON.stringify(expected)}
evaluators:
  - name: contains what is expected
    string: {contains: "{{expected}}"}
`;
}
