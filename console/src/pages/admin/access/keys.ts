/** Where roles are in the cache. */
export const GRANTS = ['system', 'grants'] as const;
