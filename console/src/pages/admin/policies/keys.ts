/** Where policies are in the cache. */
export const POLICIES = ['system', 'policies'] as const;
