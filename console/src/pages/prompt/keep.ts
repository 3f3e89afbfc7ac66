/** What was typed and is not on the server yet, kept in this browser: it survives a reload, a slow network and a server that is away. */
import type { PromptDoc } from './document';

export interface Kept {
  /** The JSON form, or null when only the file's text is known. */
  readonly doc: PromptDoc | null;
  readonly text: string;
  readonly etag: string | null;
  readonly parent: number;
  /** A text sent to the server without an answer: where it is the saved one, nobody else saved it. */
  readonly unanswered?: string | null;
  readonly at: number;
}

const key = (project: string, path: string): string => `promptops-draft:${project}/${path}`;

export function keep(project: string, path: string, kept: Kept): void {
  try {
    localStorage.setItem(key(project, path), JSON.stringify(kept));
  } catch {
    // A full or forbidden store: the server still has what was saved last.
  }
}

export function kept(project: string, path: string): Kept | null {
  try {
    const text = localStorage.getItem(key(project, path));
    return text === null ? null : (JSON.parse(text) as Kept);
  } catch {
    return null;
  }
}

export function forget(project: string, path: string): void {
  try {
    localStorage.removeItem(key(project, path));
  } catch {
    // As above.
  }
}
