/** How far an installation is, read off the state of the server. Pure, so that it can be tested. */

export const STEPS = ['project', 'prompt', 'publish', 'token', 'connect'] as const;
export type Step = (typeof STEPS)[number];
export type StepState = 'done' | 'now' | 'later';

export interface Standing {
  readonly project: boolean;
  readonly prompts: number;
  /** A release is live in the first environment. */
  readonly released: boolean;
  /** There is a token that may read that environment. */
  readonly token: boolean;
  /** Running applications seen there. */
  readonly running: number;
}

/** Done is what the server has; the first thing that it does not have comes now. An application that runs needs no token of ours. */
export function statesOf(standing: Standing): Readonly<Record<Step, StepState>> {
  const done: Record<Step, boolean> = {
    project: standing.project,
    prompt: standing.prompts > 0,
    publish: standing.released,
    token: standing.token || standing.running > 0,
    connect: standing.running > 0,
  };
  const now = STEPS.find((step) => !done[step]);
  return Object.fromEntries(STEPS.map((step) => [step, done[step] ? 'done' : step === now ? 'now' : 'later'])) as Record<Step, StepState>;
}
