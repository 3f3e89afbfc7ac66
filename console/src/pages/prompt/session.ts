/** A draft while it is written: the document, what is wrong with it, and its way to the server. No React in here. */
import { isProblem, NoServer, ProblemError } from '@/api/problem';
import type { CopyState } from '@/api/schema';
import type { PromptDoc } from './document';
import type { Checked, DraftIo, Tagged } from './draftIo';
import { forget, keep, kept } from './keep';

export type Phase =
  | 'opening' | 'clean' // nothing typed
  | 'typed' | 'saving' | 'saved'
  | 'offline' // kept in this browser, tried again by itself
  | 'elsewhere' // saved from somewhere else since
  | 'refused';

export interface DraftState {
  readonly phase: Phase;
  readonly doc: PromptDoc | null;
  /** The file as last checked, with its comments. */
  readonly text: string;
  readonly checked: Checked | null;
  /** The version it is made from; 0 for a new prompt. */
  readonly parent: number;
  readonly copy: CopyState | null;
  readonly savedAt: number | null;
  readonly fault: unknown;
  /** Counts what came from the server rather than from typing: editors that keep their own text start anew. */
  readonly loaded: number;
}

const WAIT_MS = 600;
const KEEP_MS = 250;
const START: DraftState = { phase: 'opening', doc: null, text: '', checked: null, parent: 0, copy: null, savedAt: null, fault: null, loaded: 0 };

/** Whether the same may be sent again: nobody said no. */
function noAnswer(fault: unknown): boolean {
  return fault instanceof NoServer || (fault instanceof ProblemError && (fault.status >= 500 || fault.status === 429));
}

/** Sessions whose page was left before the server had all of it: they go on, until the prompt is opened again. */
const left = new Map<string, DraftSession>();

export class DraftSession {
  state: DraftState = START;
  private readonly listeners = new Set<() => void>();
  private etag: string | null = null;
  private typed = 0; // changes so far
  private sent = 0; // changes the server has
  private running: Promise<void> | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private keeper: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private asText = false;
  private unanswered: string | null = null; // a text sent of which no answer told whether it is saved
  private ahead: ReturnType<DraftIo['newest']> | null = null;

  constructor(private readonly project: string, private readonly path: string, private readonly io: DraftIo) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly snapshot = (): DraftState => this.state;

  private set(change: Partial<DraftState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }

  get pending(): boolean {
    return this.typed !== this.sent;
  }

  /** Ask for the newest version already, while it is not known yet whether the person may edit. */
  readAhead(): void {
    this.ahead = this.io.newest();
    this.ahead.catch(() => undefined); // whoever opens hears of it
  }

  /** Read what there is: what this browser still keeps, else the working copy, else the newest version. */
  async open(mayEdit: boolean): Promise<void> {
    try {
      await left.get(this.key)?.halt();
      const ahead = this.ahead;
      this.ahead = null;
      const copy = mayEdit ? await this.io.copy() : null;
      const newest = copy === null ? await (ahead ?? this.io.newest()) : null;
      const here = mayEdit ? kept(this.project, this.path) : null;
      const parent = copy?.body.parent ?? newest?.version ?? 0;
      this.etag = copy?.etag ?? null;
      const text = copy?.body.text ?? newest?.text ?? '';
      const checked = await this.io.check({ content: text });
      this.take(text, checked, { parent, copy: copy?.body ?? null, phase: copy === null ? 'clean' : 'saved', savedAt: copy === null ? null : Date.parse(copy.body.updated_at) });
      if (here === null) return;
      if (here.etag !== this.etag && (copy === null || here.unanswered !== copy.body.text)) {
        // Saved elsewhere since: show both sides instead of overwriting one.
        if (here.text !== text || here.doc !== null) this.set({ phase: 'elsewhere', doc: here.doc ?? this.state.doc, loaded: this.state.loaded + 1 });
        return;
      }
      if (here.doc === null) this.changeText(here.text);
      else this.change(() => here.doc as PromptDoc);
      this.set({ loaded: this.state.loaded + 1 });
    } catch (fault) {
      this.set({ fault });
    }
  }

  private take(text: string, checked: Checked, more: Partial<DraftState>): void {
    this.sent = this.typed;
    this.asText = checked.prompt === null;
    this.set({ text, checked, doc: checked.prompt, fault: null, loaded: this.state.loaded + 1, ...more });
  }

  /** A person changed something. */
  readonly change = (how: (doc: PromptDoc) => PromptDoc): void => {
    if (this.state.doc === null) return;
    const doc = how(this.state.doc);
    if (doc === this.state.doc) return;
    this.asText = false;
    this.noted({ doc });
  };

  /** A person changed the file itself. */
  readonly changeText = (text: string): void => {
    if (text === this.state.text) return;
    this.asText = true;
    this.noted({ text });
  };

  private noted(change: Partial<DraftState>): void {
    this.typed += 1;
    this.set({ ...change, phase: this.state.phase === 'elsewhere' ? 'elsewhere' : this.state.phase === 'offline' ? 'offline' : 'typed' });
    clearTimeout(this.keeper);
    this.keeper = setTimeout(this.keepNow, KEEP_MS);
    this.soon(WAIT_MS);
  }

  /** Keep in this browser at once: also called when the page is left. */
  readonly keepNow = (): void => {
    if (!this.pending) return;
    const { doc, text, parent } = this.state;
    keep(this.project, this.path, { doc: this.asText ? null : doc, text, etag: this.etag, parent, unanswered: this.unanswered, at: Date.now() });
  };

  private soon(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), ms);
  }

  private get stuck(): boolean {
    return ['offline', 'refused', 'elsewhere'].includes(this.state.phase);
  }

  /** Everything typed so far on the server; one request at a time. */
  async flush(): Promise<boolean> {
    clearTimeout(this.timer);
    while (this.running !== null) await this.running;
    if (!this.pending || this.state.phase === 'elsewhere') return !this.pending;
    this.running = this.send();
    await this.running;
    this.running = null;
    return !this.pending || (!this.stuck && this.flush());
  }

  private async send(): Promise<void> {
    const at = this.typed;
    const { doc, text, parent } = this.state;
    this.set({ phase: 'saving' });
    try {
      const checked = await this.io.check(this.asText || doc === null ? { content: text } : { prompt: doc, base: text });
      const saved = await this.put(checked.text, parent);
      this.etag = saved.etag;
      this.sent = at;
      this.failures = 0;
      // What was typed meanwhile stands; the file is the base of the next edit.
      const more = this.typed === at;
      this.set({
        ...(this.asText && !more ? {} : { text: checked.text }), checked, copy: saved.body, savedAt: Date.now(), fault: null,
        phase: more ? 'saved' : 'typed', ...(more && this.asText ? { doc: checked.prompt } : {}),
      });
      if (more) forget(this.project, this.path);
    } catch (fault) {
      this.failed(fault);
    }
  }

  private async put(text: string, parent: number): Promise<Tagged<CopyState>> {
    const before = this.unanswered;
    this.unanswered = text;
    try {
      const saved = await this.io.save(text, this.etag, parent);
      this.unanswered = null;
      return saved;
    } catch (fault) {
      if (noAnswer(fault)) throw fault;
      this.unanswered = null;
      if (before !== null && (isProblem(fault, 409) || isProblem(fault, 428))) {
        // Saved before, from here: its answer was lost.
        const there = await this.io.copy();
        if (there?.body.text === before) return this.io.save(text, there.etag, parent);
      }
      if (!isProblem(fault, 409) || fault.problem.type !== 'no-working-copy') throw fault;
      this.etag = null; // it became a version or was discarded elsewhere: this starts a new one
      return this.io.save(text, null, parent);
    }
  }

  private failed(fault: unknown): void {
    this.keepNow();
    if (noAnswer(fault)) {
      this.failures += 1;
      this.set({ phase: 'offline', fault });
      this.soon(Math.min(1000 * 2 ** this.failures, 15_000));
    } else if (isProblem(fault, 409) || isProblem(fault, 428)) this.set({ phase: 'elsewhere', fault });
    else this.set({ phase: 'refused', fault });
  }

  /** After `elsewhere`: keep what is here (`mine`), or show what is saved (`theirs`). */
  async settle(which: 'mine' | 'theirs'): Promise<void> {
    if (which === 'theirs') {
      forget(this.project, this.path);
      this.sent = this.typed;
      return this.open(true);
    }
    const there = await this.io.copy();
    this.etag = there?.etag ?? null;
    this.typed += 1;
    this.set({ phase: 'typed' });
    await this.flush();
    return undefined;
  }

  /** Take a text as it is: a settled merge, a starting point. */
  async replaceText(text: string): Promise<boolean> {
    this.asText = true;
    this.noted({ text });
    const done = await this.flush();
    this.set({ loaded: this.state.loaded + 1 });
    return done;
  }

  async commit(message: string): Promise<number> {
    if (!(await this.flush()) || this.etag === null) throw this.state.fault ?? new NoServer();
    const version = await this.io.commit(message, this.etag);
    forget(this.project, this.path);
    await this.open(true);
    return version;
  }

  async rebase(prefer?: 'yours' | 'theirs'): Promise<void> {
    if (!(await this.flush()) || this.etag === null) return;
    await this.took(await this.io.rebase(this.etag, prefer));
  }

  async undo(): Promise<void> {
    if (!(await this.flush()) || this.etag === null) return;
    await this.took(await this.io.undo(this.etag));
  }

  private async took({ body, etag }: Awaited<ReturnType<DraftIo['undo']>>): Promise<void> {
    this.etag = etag;
    this.take(body.text, await this.io.check({ content: body.text }), { copy: body, parent: body.parent ?? 0, phase: 'saved', savedAt: Date.now() });
  }

  async discard(): Promise<void> {
    clearTimeout(this.timer);
    while (this.running !== null) await this.running;
    if (this.etag !== null) await this.io.discard(this.etag);
    this.sent = this.typed;
    forget(this.project, this.path);
    await this.open(true);
  }

  private get key(): string {
    return `${this.project}/${this.path}`;
  }

  close(): void {
    this.keepNow();
    clearTimeout(this.keeper);
    if (!this.pending) return;
    left.set(this.key, this);
    void this.flush().then((done) => done && left.get(this.key) === this && left.delete(this.key));
  }

  /** Whoever opens the prompt again goes on with what is kept in this browser: two would run into each other. */
  private async halt(): Promise<void> {
    clearTimeout(this.timer);
    while (this.running !== null) await this.running;
    clearTimeout(this.timer);
    if (left.get(this.key) === this) left.delete(this.key);
  }
}
