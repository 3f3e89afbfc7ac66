import { expect, it } from 'vitest';
import { strings } from '@/strings';
import { remedyOf } from './remedy';

it('knows a part by its first word, and sends others to the doctor', () => {
  const { remedies } = strings.admin.health;
  expect(remedyOf('redis')).toBe(remedies.redis);
  expect(remedyOf('audit log')).toBe(remedies.audit);
  expect(remedyOf('certificates')).toBe(remedies.other);
});
