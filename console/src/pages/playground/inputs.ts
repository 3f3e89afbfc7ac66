/** Declared variables as fields of a form, and what was typed as values. Pure. */

export interface Declared {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly required: boolean;
  readonly fallback: unknown;
  readonly untrusted: boolean;
}

/** The `inputs` of a prompt file in its JSON form. */
export function declaredIn(file: unknown): readonly Declared[] {
  const inputs = (file as { inputs?: Record<string, unknown> } | null)?.inputs;
  if (typeof inputs !== 'object' || inputs === null) return [];
  return Object.entries(inputs).map(([name, said]) => {
    const one = (typeof said === 'object' && said !== null ? said : {}) as Record<string, unknown>;
    const fallback = one.default;
    return {
      name, type: typeof one.type === 'string' ? one.type : 'string', description: typeof one.description === 'string' ? one.description : '', fallback,
      required: one.required !== false && fallback === undefined, untrusted: one.trust === 'untrusted',
    };
  });
}

/** The declared ones, and `more` that the server asked for by name. */
export function withMore(declared: readonly Declared[], more: readonly string[]): readonly Declared[] {
  const known = new Set(declared.map(({ name }) => name));
  return [...declared, ...more.filter((name) => !known.has(name)).map((name) => ({ name, type: 'string', description: '', required: true, fallback: undefined, untrusted: false }))];
}

export function isText(type: string): boolean {
  return type === 'string';
}

/** The value of a field; undefined leaves the variable to its default. Throws SyntaxError for text that is no JSON where JSON is wanted. */
export function valueOf(declared: Declared, typed: string | undefined): unknown {
  if (typed === undefined || (typed === '' && (!isText(declared.type) || !declared.required))) return undefined;
  return isText(declared.type) ? typed : (JSON.parse(typed) as unknown);
}

/** All values; `wrong` names the fields whose text is no JSON. */
export function valuesOf(declared: readonly Declared[], typed: Readonly<Record<string, string>>): { readonly values: Record<string, unknown>; readonly wrong: ReadonlySet<string> } {
  const values: Record<string, unknown> = {};
  const wrong = new Set<string>();
  for (const one of declared) {
    try {
      const value = valueOf(one, typed[one.name]);
      if (value !== undefined) values[one.name] = value;
    } catch {
      wrong.add(one.name);
    }
  }
  return { values, wrong };
}
