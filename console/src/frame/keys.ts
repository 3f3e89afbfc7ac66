/** Which shortcut the keys typed so far mean. Pure, so that it can be tested. */

/** What is needed of a key event. */
export interface Stroke {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** A stroke as shortcuts are written: `k`, `?`, `mod+k`, `Escape`; null for a bare modifier and for what belongs to the browser. */
export function written({ key, ctrlKey, metaKey, altKey }: Stroke): string | null {
  if (['Shift', 'Control', 'Meta', 'Alt'].includes(key) || altKey) return null;
  const name = key.length === 1 ? key.toLowerCase() : key;
  return ctrlKey || metaKey ? `mod+${name}` : name;
}

export interface Step {
  /** The shortcut that is complete, in the words it was registered with. */
  readonly run: string | null;
  /** The keys that begin a longer one, to be kept for the next stroke. */
  readonly pending: string;
}

/** `pending` and one stroke more, against the registered shortcuts such as `g p` or `mod+k`. */
export function step(pending: string, stroke: string, known: readonly string[]): Step {
  const typed = pending === '' ? stroke : `${pending} ${stroke}`;
  if (known.includes(typed)) return { run: typed, pending: '' };
  if (known.some((keys) => keys.startsWith(`${typed} `))) return { run: null, pending: typed };
  return pending === '' ? { run: null, pending: '' } : step('', stroke, known);
}

/** Whether keys typed here are text: then they are no shortcuts, but for those with Ctrl or Cmd. */
export function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'submit', 'range'].includes(target.type);
  return target.isContentEditable || ['TEXTAREA', 'SELECT'].includes(target.tagName) || target.closest('[role="textbox"],[contenteditable="true"]') !== null;
}
