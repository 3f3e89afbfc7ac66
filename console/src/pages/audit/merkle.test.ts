import { describe, expect, it } from 'vitest';
import { grewFrom, includes, join } from './merkle';

const leaves = Array.from({ length: 13 }, (_, at) => at.toString(16).padStart(64, '0'));

/** Split as RFC 9162 does: the largest power of two below the size. */
const half = (size: number): number => 2 ** Math.ceil(Math.log2(size) - 1);

async function rootOf(part: readonly string[]): Promise<string> {
  if (part.length === 1) return part[0] as string;
  const at = half(part.length);
  return join(await rootOf(part.slice(0, at)), await rootOf(part.slice(at)));
}

async function pathOf(index: number, part: readonly string[]): Promise<string[]> {
  if (part.length === 1) return [];
  const at = half(part.length);
  return index < at
    ? [...(await pathOf(index, part.slice(0, at))), await rootOf(part.slice(at))]
    : [...(await pathOf(index - at, part.slice(at))), await rootOf(part.slice(0, at))];
}

async function growth(first: number, part: readonly string[], whole: boolean): Promise<string[]> {
  if (first === part.length) return whole ? [] : [await rootOf(part)];
  const at = half(part.length);
  return first <= at
    ? [...(await growth(first, part.slice(0, at), whole)), await rootOf(part.slice(at))]
    : [...(await growth(first - at, part.slice(at), false)), await rootOf(part.slice(0, at))];
}

describe('proofs of the log', () => {
  it('accepts every true proof of inclusion, and none for another place or leaf', async () => {
    for (let size = 1; size <= leaves.length; size += 1) {
      const some = leaves.slice(0, size);
      const root = await rootOf(some);
      for (let at = 0; at < size; at += 1) {
        const path = await pathOf(at, some);
        expect(await includes(leaves[at] as string, at, size, path, root)).toBe(true);
        expect(await includes('f'.repeat(64), at, size, path, root)).toBe(false);
      }
    }
  });
  it('accepts every true growth, and none from another beginning', async () => {
    for (let second = 2; second <= leaves.length; second += 1) {
      const after = await rootOf(leaves.slice(0, second));
      for (let first = 1; first < second; first += 1) {
        const before = await rootOf(leaves.slice(0, first));
        const proof = await growth(first, leaves.slice(0, second), true);
        expect(await grewFrom(first, second, before, after, proof)).toBe(true);
        expect(await grewFrom(first, second, 'e'.repeat(64), after, proof)).toBe(false);
      }
    }
  });
});
