/** The prompt as its file, comments and all. */
import { Text } from '@mantine/core';
import { useMemo } from 'react';
import { CodeEditor } from '@/parts/code/CodeEditor';
import { strings } from '@/strings';
import { unitsOf, type Fault } from '../problems';

export function FileEditor({ text, faults, onChange }: { readonly text: string; readonly faults: readonly Fault[]; readonly onChange: ((text: string) => void) | undefined }) {
  const problems = useMemo(() => {
    const lines = text.split('\n');
    const starts: number[] = [];
    lines.reduce((at, line) => {
      starts.push(at);
      return at + line.length + 1;
    }, 0);
    return faults.map((fault) => {
      const line = lines[fault.line - 1] ?? '';
      const from = (starts[fault.line - 1] ?? 0) + unitsOf(line, fault.column - 1);
      return { from, to: (starts[fault.line - 1] ?? 0) + line.length, severity: fault.severity === 'error' ? 'error' as const : 'warning' as const, message: fault.message };
    });
    // Places are of the text that was checked.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [faults]);
  return (
    <>
      <Text size="sm" c="dimmed" mb={6}>{strings.prompt.fileHint}</Text>
      <CodeEditor label={strings.prompt.file} language="yaml" value={text} readOnly={!onChange} problems={problems} {...(onChange ? { onChange } : {})} />
    </>
  );
}
