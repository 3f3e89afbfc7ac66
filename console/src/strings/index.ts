/**
 * Every word the console shows, one file per area. A translation is an object of the same shape; nothing else of the console holds
 * text. Sentences with values are functions, so that a language may order them its own way.
 */
import { common } from './en/common';
import { frame } from './en/frame';
import { home } from './en/home';
import { me } from './en/me';
import { prompts } from './en/prompts';
import { signIn } from './en/signIn';

const english = {
  common,
  frame,
  home,
  me,
  prompts,
  signIn,
};

export type Strings = typeof english;
export const strings: Strings = english;
