/** Settling a merge: a choice for each place where both sides changed the same lines. */
import type { ConflictOut } from '@/api/schema';

export type Choice = { readonly take: 'yours' | 'theirs' | 'both' } | { readonly take: 'text'; readonly text: string };

const lined = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);

export function chosen(conflict: ConflictOut, choice: Choice): string {
  switch (choice.take) {
    case 'yours': return lined(conflict.yours);
    case 'theirs': return lined(conflict.theirs);
    case 'both': return lined(conflict.yours) + lined(conflict.theirs);
    case 'text': return lined(choice.text);
  }
}

/** The text with every marked place replaced by what was chosen. Lines of a conflict count from 1 and include its markers. */
export function settled(text: string, conflicts: readonly ConflictOut[], choices: readonly Choice[]): string {
  const lines = text.split(/(?<=\n)/);
  let made = '';
  let at = 0;
  conflicts.forEach((conflict, index) => {
    made += lines.slice(at, conflict.start_line - 1).join('') + chosen(conflict, choices[index] ?? { take: 'yours' });
    at = conflict.end_line;
  });
  return made + lines.slice(at).join('');
}
