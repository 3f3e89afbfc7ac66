/** Where tokens are in the cache. */
export const TOKENS = ['system', 'tokens'] as const;
