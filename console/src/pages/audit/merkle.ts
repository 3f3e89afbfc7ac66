/** Checking the log's proofs in the browser (RFC 9162, sections 2.1.3.2 and 2.1.4.2): the server's word is not taken for it. */

const subtle = (): SubtleCrypto | undefined => globalThis.crypto?.subtle;

/** Browsers compute hashes only on secure origins. */
export function canCompute(): boolean {
  return subtle() !== undefined;
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function hexOf(buffer: ArrayBuffer): string {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The hash of an inner node: SHA-256 over 0x01, left, right. */
export async function join(left: string, right: string): Promise<string> {
  const input = new Uint8Array([1, ...bytes(left), ...bytes(right)]);
  return hexOf(await (subtle() as SubtleCrypto).digest('SHA-256', input));
}

/** Whether `leaf` stands at `index` (from 0) in the tree of `size` leaves with this root. */
export async function includes(leaf: string, index: number, size: number, proof: readonly string[], root: string): Promise<boolean> {
  if (index >= size) return false;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  for (const step of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = await join(step, hash);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = await join(hash, step);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && hash === root;
}

/** Whether the tree of `first` leaves with root `before` is the beginning of the one of `second` leaves with root `after`. */
export async function grewFrom(first: number, second: number, before: string, after: string, proof: readonly string[]): Promise<boolean> {
  if (first === second) return before === after && proof.length === 0;
  if (first < 1 || first > second) return false;
  const steps = Number.isInteger(Math.log2(first)) ? [before, ...proof] : [...proof];
  const begin = steps.shift();
  if (begin === undefined) return false;
  let at = first - 1;
  let last = second - 1;
  while (at % 2 === 1) {
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  let old = begin;
  let now = begin;
  for (const step of steps) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      old = await join(step, old);
      now = await join(step, now);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else {
      now = await join(now, step);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && old === before && now === after;
}
