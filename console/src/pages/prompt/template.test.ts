import { describe, expect, it } from 'vitest';
import { moved, renamed, withKey } from './document';
import { faultsAt, rangeOf, unitsOf, type Fault } from './problems';
import { exampleValues, filled, filledMessages, inputsOf, variablesIn } from './template';

describe('filling a plain text', () => {
  it.each([
    ['Hello {{ name }}', 'Hello Ada'],
    ['{{name}}, {{ name }}', 'Ada, Ada'],
    ['{"to": "{{ name }}"}', '{"to": "Ada"}'],
    ['{{ "{{ name }}" }}', '{{ name }}'],
    ['{{ "say \\"hi\\"" }}', 'say "hi"'],
    ['{{ 1 + 1 }}', '{{ 1 + 1 }}'],
  ])('%s', (text, expected) => expect(filled(text, { name: 'Ada' }, { name: {} })).toBe(expected));

  it('writes values that are no text as JSON and leaves an optional one empty', () => {
    expect(filled('{{ a }}|{{ b }}|{{ c }}', { a: [1, true] }, { a: {}, b: { required: false }, c: {} })).toBe('[1,true]||{{ c }}');
  });
  it('never expands a value again', () => {
    expect(filled('{{ a }}', { a: '{{ b }}', b: 'x' }, { a: {}, b: {} })).toBe('{{ b }}');
  });
});

describe('a prompt', () => {
  const doc = { messages: [{ role: 'user', content: 'Sort {{ claim }}' }], variants: { claude: { messages: [{ role: 'user', content: '{{ claim }}!' }] } } };
  it('fills the messages of the variant asked for', () => {
    expect(filledMessages(doc, 'claude', { claim: 'x' })?.[0]?.content).toBe('x!');
    expect(filledMessages({ ...doc, template: 'jinja2' }, null, {})).toBeNull();
    expect(filledMessages({ messages: [{ role: 'user', content: '{{> a/b@1 }}' }] }, null, {})).toBeNull();
  });
  it('takes every variable when it declares none', () => {
    expect(Object.keys(inputsOf(doc))).toEqual(['claim']);
    expect(variablesIn('{{> a/b@1 }} {{ x.y }} {{x.y}}')).toEqual(['x.y']);
  });
  it('is tried with its first case', () => {
    expect(exampleValues({ ...doc, testData: [{ claim: 'A tree' }] })).toEqual({ claim: 'A tree' });
  });
});

describe('changes', () => {
  it('move, rename and clear', () => {
    expect(moved([1, 2, 3], 0, 2)).toEqual([2, 3, 1]);
    expect(moved([1, 2], 0, -1)).toEqual([1, 2]);
    expect(Object.keys(renamed({ a: 1, b: 2 }, 'a', 'c'))).toEqual(['c', 'b']);
    expect(withKey({ name: 'x', tags: ['y'] }, 'tags', [])).toEqual({ name: 'x' });
  });
});

describe('problems', () => {
  const fault = { key: 'messages[1].content', start: 2, end: 4 } as Fault;
  it('count characters, the browser counts units', () => {
    expect(unitsOf('a😀bc', 2)).toBe(3);
    expect(rangeOf(fault, 'a😀bcd')).toEqual({ from: 3, to: 5 });
    expect(rangeOf({ ...fault, start: null, end: null }, 'one\ntwo')).toEqual({ from: 0, to: 3 });
  });
  it('belong to a value or to what is below it', () => {
    expect(faultsAt([fault], 'messages[1]')).toEqual([fault]);
    expect(faultsAt([fault], 'messages[10]')).toEqual([]);
  });
});
