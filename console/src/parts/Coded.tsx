/** A text in which `names of the file` stand between backticks. */
import { Code } from '@mantine/core';

export function Coded({ children }: { readonly children: string }) {
  return children.split('`').map((part, at) => (at % 2 === 1 ? <Code key={at}>{part}</Code> : part));
}
