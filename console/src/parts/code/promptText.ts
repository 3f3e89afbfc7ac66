/** Prompt text in the editor: variables as pills with their type, untrusted ones marked, fragments marked, and both completed. */
import { autocompletion, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import type { Extension } from '@codemirror/state';
import { Decoration, EditorView, MatchDecorator, ViewPlugin, type DecorationSet, type ViewUpdate } from '@codemirror/view';

/** What is known of a variable. */
export interface VariableInfo {
  readonly type: string;
  readonly untrusted: boolean;
  readonly description?: string;
}

export interface PromptTextOptions {
  readonly variables: Readonly<Record<string, VariableInfo>>;
  /** Fragments whose address begins like this: `house/style@3`. */
  readonly fragments?: (begun: string) => Promise<readonly string[]>;
  readonly words: { readonly untrusted: string; readonly undeclared: string; readonly fragment: string };
}

const NAME = /^\{\{\s*([A-Za-z_][A-Za-z0-9_]*(?:[.-][A-Za-z0-9_]+)*)\s*\}\}$/;

/** Class, type and words of one `{{ … }}`; null for what is no variable and no fragment. */
export function pillOf(text: string, { variables, words }: PromptTextOptions): { kind: string; type: string; title: string } | null {
  if (/^\{\{\s*>/.test(text)) return { kind: 'fragment', type: '', title: words.fragment };
  const name = NAME.exec(text)?.[1];
  if (name === undefined) return null;
  const known = variables[name];
  if (known === undefined) return { kind: 'unknown', type: '?', title: words.undeclared };
  const title = [known.description, known.untrusted ? words.untrusted : ''].filter(Boolean).join(' · ');
  return { kind: known.untrusted ? 'untrusted' : 'known', type: known.type, title };
}

function pills(options: PromptTextOptions): Extension {
  const decorator = new MatchDecorator({
    regexp: /\{\{[^{}]*\}\}/g,
    decoration: (match) => {
      const pill = pillOf(match[0], options);
      return pill && Decoration.mark({ class: `cm-pill cm-pill-${pill.kind}`, attributes: { title: pill.title, 'data-type': pill.type } });
    },
  });
  return ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      constructor(view: EditorView) {
        this.decorations = decorator.createDeco(view);
      }
      update(update: ViewUpdate): void {
        this.decorations = decorator.updateDeco(update, this.decorations);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );
}

const close = (insert: string) => (view: EditorView, _: Completion, from: number, to: number): void => {
  const rest = /^\s*\}\}/.exec(view.state.sliceDoc(to, to + 8))?.[0].length ?? 0;
  const text = ` ${insert} }}`;
  view.dispatch({ changes: { from, to: to + rest, insert: text }, selection: { anchor: from + text.length } });
};

function complete({ variables, fragments }: PromptTextOptions) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const open = context.matchBefore(/\{\{[^{}\n]*/);
    if (!open) return null;
    const from = open.from + 2;
    const begun = open.text.slice(2).trimStart();
    if (begun.startsWith('>')) {
      const found = (await fragments?.(begun.slice(1).trim())) ?? [];
      return { from, filter: false, options: found.map((address) => ({ label: address, apply: close(`> ${address}`) })) };
    }
    const options = Object.entries(variables)
      .filter(([name]) => name.toLowerCase().includes(begun.toLowerCase()))
      .map(([name, { type, description }]) => ({ label: name, detail: type, ...(description ? { info: description } : {}), apply: close(name) }));
    return { from, filter: false, options };
  };
}

const look = EditorView.baseTheme({
  '.cm-pill': { borderRadius: '5px', padding: '1px 3px', backgroundColor: 'color-mix(in srgb, var(--accent-ink) 13%, transparent)', color: 'var(--accent-ink)' },
  '.cm-pill[data-type]:not([data-type=""])::after': { content: 'attr(data-type)', fontSize: '10px', marginLeft: '4px', color: 'var(--ink-soft)', verticalAlign: '1px' },
  '.cm-pill-untrusted': { backgroundColor: 'var(--warn-soft)', color: 'var(--warn)', borderBottom: '2px dotted var(--warn)' },
  '.cm-pill-unknown': { backgroundColor: 'var(--bad-soft)', color: 'var(--bad)' },
  '.cm-pill-fragment': { backgroundColor: 'var(--production-soft)', color: 'var(--production)' },
});

export function promptText(options: PromptTextOptions): Extension {
  return [pills(options), autocompletion({ override: [complete(options)], icons: false }), look];
}
