/**
 * Every word the console shows, one file per area. A translation is an object of the same shape; nothing else of the console holds
 * text. Sentences with values are functions, so that a language may order them its own way.
 */
import { common } from './en/common';
import { frame } from './en/frame';
import { matrix } from './en/matrix';
import { me } from './en/me';
import { playground } from './en/playground';
import { runs } from './en/runs';
import { signIn } from './en/signIn';
import { suites } from './en/suites';
import { testing } from './en/testing';

const english = {
  common,
  frame,
  matrix,
  me,
  playground,
  runs,
  signIn,
  suites,
  testing,
};

export type Strings = typeof english;
export const strings: Strings = english;
