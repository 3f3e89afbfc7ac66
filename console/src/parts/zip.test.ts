import { expect, it } from 'vitest';
import { crc32, zipOf } from './zip';

it('has the checksum of the standard', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
});

it('writes a directory that says where each file begins', () => {
  const made = zipOf([{ path: 'a/ä.md', content: 'one' }, { path: 'b.md', content: '' }]);
  const view = new DataView(made.buffer);
  const end = made.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  expect(view.getUint16(end + 10, true)).toBe(2);
  const first = view.getUint32(end + 16, true);
  expect(view.getUint32(first, true)).toBe(0x02014b50);
  const second = first + 46 + view.getUint16(first + 28, true);
  expect(view.getUint32(view.getUint32(second + 42, true), true)).toBe(0x04034b50);
});
