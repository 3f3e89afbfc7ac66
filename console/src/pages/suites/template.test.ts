import { expect, it } from 'vitest';
import { templateFor } from './template';

it('fills the variables from test data, defaults and blanks', () => {
  const text = templateFor({
    inputs: { claim: { type: 'string' }, policy_type: { type: 'string', default: 'unknown' }, days: { type: 'integer' }, 'more-text': null },
    testData: [{ claim: 'Water "everywhere": now', expected: 'URGENCY: immediate' }],
  });
  expect(text).toContain('      claim: "Water \\"everywhere\\": now"\n      policy_type: "unknown"\n      days: 0\n      "more-text": "TODO more-text"\n    expected: "URGENCY: immediate"\n');
});

it('is a whole suite where the prompt has no variables', () => {
  expect(templateFor({})).toContain('    inputs: {}\n    expected: "TODO');
});
