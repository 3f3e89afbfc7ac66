/** Where accounts are in the cache. */
export const USERS = ['system', 'users'] as const;
