/** Two texts beside each other, differences marked; the right one may be edited. Below 900 px one under the other's changes. */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { MergeView, unifiedMergeView } from '@codemirror/merge';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { useMediaQuery } from '@mantine/hooks';
import { useEffect, useRef } from 'react';

export interface SideBySideProps {
  readonly before: string;
  readonly after: string;
  readonly labels: readonly [before: string, after: string];
  /** Without it the right side is only shown. */
  readonly onChange?: (after: string) => void;
}

const look = EditorView.theme({
  '&': { fontSize: '13px', backgroundColor: 'var(--page)', color: 'var(--ink)' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.55' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-merge-a .cm-changedLine, .cm-deletedChunk': { backgroundColor: 'var(--removed)' },
  '&.cm-merge-b .cm-changedLine, .cm-changedLine': { backgroundColor: 'var(--added)' },
  '&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText': { background: 'var(--removed-word)' },
  '&.cm-merge-b .cm-changedText, .cm-changedText': { background: 'var(--added-word)' },
  '.cm-collapsedLines': { background: 'var(--surface-strong)', color: 'var(--ink-soft)' },
});

export function SideBySide({ before, after, labels, onChange }: SideBySideProps) {
  const place = useRef<HTMLDivElement>(null);
  const right = useRef<EditorView | null>(null);
  const wide = useMediaQuery('(min-width: 900px)', true, { getInitialValueInEffect: false });
  const changed = useRef(onChange);
  useEffect(() => {
    changed.current = onChange;
  }, [onChange]);
  const editable = onChange !== undefined;
  const [from, to] = labels;
  useEffect(() => {
    const parent = place.current as HTMLDivElement;
    const still: Extension = [EditorState.readOnly.of(true), EditorView.editable.of(false)];
    const common: Extension = [EditorView.lineWrapping, look];
    const edited: Extension = [
      common, editable ? [history(), keymap.of([...defaultKeymap, ...historyKeymap])] : still, EditorView.contentAttributes.of({ 'aria-label': to }),
      EditorView.updateListener.of((update) => update.docChanged && changed.current?.(update.state.doc.toString())),
    ];
    if (wide) {
      const view = new MergeView({
        parent, gutter: false, collapseUnchanged: { margin: 3, minSize: 8 },
        a: { doc: before, extensions: [common, still, EditorView.contentAttributes.of({ 'aria-label': from })] },
        b: { doc: right.current?.state.doc.toString() ?? after, extensions: edited },
      });
      right.current = view.b;
      return () => view.destroy();
    }
    const view = new EditorView({ parent, doc: right.current?.state.doc.toString() ?? after, extensions: [edited, unifiedMergeView({ original: before, mergeControls: false, gutter: false })] });
    right.current = view;
    return () => view.destroy();
    // Made once for what it compares; what is typed stays in it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [before, editable, from, to, wide]);
  return <div ref={place} style={{ border: '1px solid var(--line)', borderRadius: 8, overflow: 'hidden' }} />;
}
