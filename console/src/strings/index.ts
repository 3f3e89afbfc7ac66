/**
 * Every word the console shows, one file per area. A translation is an object of the same shape; nothing else of the console holds
 * text. Sentences with values are functions, so that a language may order them its own way.
 */
import { admin } from './en/admin';
import { common } from './en/common';
import { frame } from './en/frame';
import { me } from './en/me';
import { signIn } from './en/signIn';

const english = {
  admin,
  common,
  frame,
  me,
  signIn,
};

export type Strings = typeof english;
export const strings: Strings = english;
