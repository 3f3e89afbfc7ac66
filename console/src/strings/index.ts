/**
 * Every word the console shows, one file per area. A translation is an object of the same shape; nothing else of the console holds
 * text. Sentences with values are functions, so that a language may order them its own way.
 */
import { admin } from './en/admin';
import { adminModels } from './en/adminModels';
import { adminPeople } from './en/adminPeople';
import { adminSystem } from './en/adminSystem';
import { audit } from './en/audit';
import { common } from './en/common';
import { compliance } from './en/compliance';
import { evidence } from './en/compliance';
import { diff } from './en/diff';
import { exporting } from './en/exporting';
import { frame } from './en/frame';
import { history } from './en/history';
import { home } from './en/home';
import { matrix } from './en/matrix';
import { me } from './en/me';
import { playground } from './en/playground';
import { projectSettings } from './en/projectSettings';
import { prompt } from './en/prompt';
import { prompts } from './en/prompts';
import { releases } from './en/releases';
import { reviews } from './en/reviews';
import { runs } from './en/runs';
import { sheets } from './en/sheets';
import { sign } from './en/sign';
import { signIn } from './en/signIn';
import { suites } from './en/suites';
import { testing } from './en/testing';

const english = {
  admin,
  adminModels,
  adminPeople,
  adminSystem,
  audit,
  common,
  compliance,
  evidence,
  diff,
  exporting,
  frame,
  history,
  home,
  matrix,
  me,
  playground,
  projectSettings,
  prompt,
  prompts,
  releases,
  reviews,
  runs,
  sheets,
  sign,
  signIn,
  suites,
  testing,
};

export type Strings = typeof english;
export const strings: Strings = english;
