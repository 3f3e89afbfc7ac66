/** Text with syntax, edited or only shown. Loaded when first needed: import it with `lazy` or from a lazily loaded page. */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, defaultHighlightStyle, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { Annotation, Compartment, EditorState, type Extension } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import { useEffect, useRef } from 'react';

export interface CodeEditorProps {
  readonly value: string;
  readonly onChange?: (value: string) => void;
  readonly language?: 'yaml' | 'json' | 'plain';
  readonly readOnly?: boolean;
  /** What is read aloud for the field. */
  readonly label: string;
  /** Problems to underline; offsets are of `value`. */
  readonly problems?: readonly Diagnostic[];
  /** More of CodeMirror: completion, decorations. Must be stable between renders. */
  readonly extensions?: Extension;
  readonly minHeight?: number;
  readonly lineNumbers?: boolean;
}

/** A change that came from outside, not from a person: nobody is told of it. */
const outside = Annotation.define<boolean>();

const look = EditorView.theme({
  '&': { fontSize: '13.5px', border: '1px solid var(--line)', borderRadius: '8px', backgroundColor: 'var(--page)', color: 'var(--ink)' },
  '&.cm-focused': { outline: '2px solid var(--accent-ink)', outlineOffset: '-1px' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.55' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--ink-soft)', borderRight: '1px solid var(--line)', borderRadius: '8px 0 0 8px' },
  '.cm-content': { padding: '8px 0' },
  '.cm-line': { padding: '0 12px' },
  '.cm-tooltip': { backgroundColor: 'var(--page)', border: '1px solid var(--line)', borderRadius: '8px', color: 'var(--ink)', overflow: 'hidden' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--surface-strong)', color: 'var(--ink)' },
  '.cm-completionDetail': { color: 'var(--ink-soft)', fontStyle: 'normal', marginLeft: '12px' },
  '.cm-panels': { backgroundColor: 'var(--surface)', color: 'var(--ink)' },
  '.cm-diagnostic': { padding: '8px 12px', maxWidth: '420px' },
  '.cm-diagnosticAction': { backgroundColor: 'var(--accent-ink)', color: 'var(--page)', borderRadius: '4px', padding: '2px 8px' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'color-mix(in srgb, var(--accent-ink) 25%, transparent)' },
});
/** CodeMirror's own colours of syntax, each as the colour of the theme that is nearest: readable in light and dark. */
const INKS: Readonly<Record<string, string>> = {
  '#404740': 'var(--ink-soft)', '#940': 'var(--ink-soft)', '#708': 'var(--production)', '#a11': 'var(--good)', '#164': 'var(--warn)', '#e40': 'var(--bad)', '#f00': 'var(--bad)', '#085': 'var(--good)', '#167': 'var(--good)',
};
const inks = HighlightStyle.define(defaultHighlightStyle.specs.map((spec) => (typeof spec.color === 'string' ? { ...spec, color: INKS[spec.color] ?? 'var(--accent-ink)' } : spec)));
const languages: Record<'yaml' | 'json' | 'plain', () => Extension> = { yaml: () => yaml(), json: () => json(), plain: () => [] };

export function CodeEditor({ value, onChange, language = 'plain', readOnly = false, label, problems, extensions, minHeight = 0, lineNumbers: numbered = true }: CodeEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const parts = useRef({ more: new Compartment(), editable: new Compartment() });
  const changed = useRef(onChange);
  useEffect(() => {
    changed.current = onChange;
  }, [onChange]);

  useEffect(() => {
    const { more, editable } = parts.current;
    const made = new EditorView({
      parent: place.current as HTMLDivElement,
      state: EditorState.create({
        doc: value,
        extensions: [
          numbered ? lineNumbers() : [], history(), bracketMatching(), highlightSelectionMatches(), EditorView.lineWrapping, look,
          syntaxHighlighting(inks), languages[language](), keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap]),
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !update.transactions.some((made) => made.annotation(outside))) changed.current?.(update.state.doc.toString());
          }),
          editable.of([]), more.of([]),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
    // The editor is made once for its language; later values arrive by the effects below.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [language, label, numbered]);

  useEffect(() => {
    const current = view.current;
    if (current && current.state.doc.toString() !== value) current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: value }, annotations: outside.of(true) });
  }, [value]);
  useEffect(() => {
    view.current?.dispatch({ effects: parts.current.editable.reconfigure([EditorState.readOnly.of(readOnly), EditorView.editable.of(!readOnly)]) });
  }, [readOnly]);
  useEffect(() => {
    const current = view.current;
    if (!current) return;
    // What was checked may be longer than what is written by now; places move with the text until the next check.
    const end = current.state.doc.length;
    const fitting = (problems ?? []).map((problem) => ({ ...problem, from: Math.min(problem.from, end), to: Math.min(problem.to, end) }));
    current.dispatch(setDiagnostics(current.state, fitting));
  }, [problems]);
  useEffect(() => {
    view.current?.dispatch({ effects: parts.current.more.reconfigure(extensions ?? []) });
  }, [extensions]);
  return <div ref={place} style={{ minHeight }} />;
}
