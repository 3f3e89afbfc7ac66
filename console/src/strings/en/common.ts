const numbers = new Intl.NumberFormat('en');

/** `1 prompt`, `2 prompts`, `100,000 prompts`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${numbers.format(count)} ${count === 1 ? one : many}`;
}

export const common = {
  product: 'PromptOps',
  loading: 'Loading',
  retry: 'Try again',
  cancel: 'Cancel',
  close: 'Close',
  save: 'Save',
  copy: 'Copy',
  copied: 'Copied',
  copyByHand: 'Selected. Press Ctrl+C, or Command+C, to copy it.',
  secret: 'Secret',
  kept: 'I have kept it',
  more: 'Show more',
  showAsTable: 'Show as table',
  showAsChart: 'Show as chart',
  nobody: 'nobody',
  never: 'never',
  noServer: 'The server cannot be reached. Trying again by itself; what you typed is kept.',
  whatToDo: 'What to do',
  requestId: (id: string) => `Request ${id}`,
  filters: 'Filters',
  clearFilters: 'Clear filters',
  reason: 'Reason',
  optional: 'optional',
  version: (version: number) => `v${version}`,
  release: (number: number) => `r${number}`,
  facts: 'Facts',
  sections: 'Sections',
  showFacts: 'Show facts',
  counted,
} as const;
