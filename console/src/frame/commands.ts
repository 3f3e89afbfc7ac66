/** What the palette offers, and which of it fits the words typed. Pure, so that it can be tested. */
import type { Icon } from '@tabler/icons-react';

export interface Command {
  readonly id: string;
  readonly group: string;
  readonly label: string;
  /** Said smaller behind the label. */
  readonly hint?: string;
  readonly icon: Icon;
  readonly keys?: string;
  readonly run: () => void;
}

/** Those in which every word typed occurs, in label, hint or group; those that begin with them first. */
export function matching(commands: readonly Command[], text: string): readonly Command[] {
  const asked = text.trim().toLowerCase();
  if (asked === '') return commands;
  const parts = asked.split(/\s+/);
  const fits = commands.filter(({ label, hint = '' }) => {
    const whole = `${label} ${hint}`.toLowerCase();
    return parts.every((part) => whole.includes(part));
  });
  const begins = (one: Command): number => (one.label.toLowerCase().startsWith(asked) ? 0 : 1);
  return [...fits].sort((left, right) => begins(left) - begins(right));
}

/** By group in the order they come, each with its place in the whole list. */
export function grouped(commands: readonly Command[]): readonly (readonly [string, readonly { command: Command; at: number }[]])[] {
  const groups = new Map<string, { command: Command; at: number }[]>();
  commands.forEach((command, at) => {
    const last = groups.get(command.group);
    if (last) last.push({ command, at });
    else groups.set(command.group, [{ command, at }]);
  });
  return [...groups];
}
