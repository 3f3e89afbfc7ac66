/** What a new suite begins with. */
export const TEMPLATE = `name: What this suite is for
cases:
  - name: a first case
    inputs:
      variable: a value
    expected: what the answer should contain
evaluators:
  - name: contains what is expected
    string: {contains: "{{expected}}"}
`;
