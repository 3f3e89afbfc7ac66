/** What the list of requests can be narrowed to. */
import { strings } from '@/strings';

export const TABS = ['open', 'asked', 'mine', 'all'] as const;
export type Tab = (typeof TABS)[number];
export type State = keyof typeof strings.reviews.states;

export const isTab = (value: string | undefined): value is Tab => TABS.some((tab) => tab === value);
export const isState = (value: string | undefined): value is State => value !== undefined && Object.hasOwn(strings.reviews.states, value);
