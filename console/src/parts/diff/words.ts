/** Which words of a changed line differ. */
import { diffWordsWithSpace } from 'diff';

export interface Piece {
  readonly text: string;
  /** Only on this side. */
  readonly marked: boolean;
}

/** Characters of a line up to which words are compared; a longer one is marked between its common ends. */
const LONGEST = 4000;

/** The pieces of both sides of a changed line. */
export function compareWords(before: string, after: string): { readonly before: readonly Piece[]; readonly after: readonly Piece[] } {
  if (before.length > LONGEST || after.length > LONGEST) return betweenEnds(before, after);
  const left: Piece[] = [];
  const right: Piece[] = [];
  for (const part of diffWordsWithSpace(before, after)) {
    if (!part.added) left.push({ text: part.value, marked: part.removed });
    if (!part.removed) right.push({ text: part.value, marked: part.added });
  }
  return { before: joined(left), after: joined(right) };
}

/** Blanks between two marked words belong to the change. */
function joined(pieces: readonly Piece[]): Piece[] {
  const out: Piece[] = [];
  pieces.forEach((piece, at) => {
    const marked = piece.marked || (/^\s+$/.test(piece.text) && pieces[at - 1]?.marked === true && pieces[at + 1]?.marked === true);
    const last = out.at(-1);
    if (last && last.marked === marked) out[out.length - 1] = { text: last.text + piece.text, marked };
    else out.push({ text: piece.text, marked });
  });
  return out;
}

function betweenEnds(before: string, after: string): { readonly before: readonly Piece[]; readonly after: readonly Piece[] } {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < most - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const cut = (text: string): Piece[] =>
    [
      { text: text.slice(0, head), marked: false },
      { text: text.slice(head, text.length - tail), marked: true },
      { text: text.slice(text.length - tail), marked: false },
    ].filter((piece) => piece.text !== '');
  return { before: cut(before), after: cut(after) };
}
