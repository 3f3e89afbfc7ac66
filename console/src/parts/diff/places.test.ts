import { expect, it } from 'vitest';
import { placesOf } from './places';

const FILE = `name: Claims triage
modelParameters:
  max_tokens: 400
messages:
  - role: system
    content: |
      Sort claims.
        - not a message

      Be brief.
  - content: "{{ claim }}"
    role: user
variants:
  claude:
    model: x
    messages:
      - role: system
        content: |
          Think.
record:
  intent: Sort`.split('\n');

it('knows the message, its role and the blanks before its text', () => {
  const places = placesOf(FILE);
  expect(places).toHaveLength(FILE.length);
  expect(places[6]).toMatchObject({ part: 'message', role: 'system', form: false, indent: 6, key: 'message 0' });
  expect(places[7]).toMatchObject({ role: 'system', key: 'message 0' });
  expect(places[4]).toMatchObject({ form: true, role: 'system' });
  expect(places[5]).toMatchObject({ form: true });
  expect(places[10]).toMatchObject({ role: 'user', form: false, key: 'message 1' });
});

it('knows parameters, variants with their messages, and the record', () => {
  const places = placesOf(FILE);
  expect(places[2]).toMatchObject({ part: 'parameters', indent: 2, form: false });
  expect(places[14]).toMatchObject({ part: 'variant', variant: 'claude' });
  expect(places[18]).toMatchObject({ part: 'message', variant: 'claude', role: 'system', indent: 10 });
  expect(places[20]).toMatchObject({ part: 'record', indent: 2 });
});

it('leaves a file of another form as it is written', () => {
  const places = placesOf(['messages: [{role: user, content: hi}]', '# end', 'nonsense']);
  expect(places.every((place) => !place.form)).toBe(true);
});
