/** Where the cache keeps the signing keys. */
export const KEYS = ['system', 'keys'] as const;
