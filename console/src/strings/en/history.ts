import { counted } from './common';

export const history = {
  diffTitle: 'Compare',
  from: 'Before',
  to: 'After',
  swap: 'Swap the sides',
  versions: 'Versions',
  environments: 'Live in',
  notLive: 'nothing is live',
  nothing: 'Nothing (show everything)',
  versionOption: (version: number, message: string) => (message === '' ? `v${version}` : `v${version} · ${message}`),
  askReview: 'Ask for a review',
  openPrompt: 'Open the prompt',
  counted,
} as const;
