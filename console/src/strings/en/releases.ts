import { counted } from './common';

export const releases = {
  title: 'Releases',
  environment: 'Environment',
  all: 'All environments',
} as const;
void counted;
