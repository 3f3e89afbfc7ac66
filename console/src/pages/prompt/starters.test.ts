import { expect, it } from 'vitest';
import { shortName } from './starters';

it.each([
  ['Claims triage, motor', 'claims-triage-motor'],
  ['  Two  spaces – and a dash ', 'two-spaces-and-a-dash'],
  ['Réponse', 'reponse'],
])('%s', (name, expected) => expect(shortName(name)).toBe(expected));
