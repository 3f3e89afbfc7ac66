/** Samples put to a policy before it is in force. */
import type { QuestionIn } from '@/api/schema';

export interface Sample {
  readonly who: string;
  readonly action: string;
  readonly address: string;
  readonly environment: string;
}

export const FIRST: Sample = { who: '', action: 'publish', address: '', environment: '' };

/** Those that name somebody, as the API takes them. */
export function questionsOf(samples: readonly Sample[]): QuestionIn[] {
  return samples
    .filter((sample) => sample.who.trim() !== '')
    .map(({ who, action, address, environment }) => ({ who: who.trim(), action, address: address.trim(), environment: environment.trim() || null }));
}
