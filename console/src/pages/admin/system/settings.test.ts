import { describe, expect, it } from 'vitest';
import type { SettingOut } from '@/api/schema';
import { bySection } from './settings';

const setting = (section: string, name: string, more: Partial<SettingOut> = {}): SettingOut => ({ section, name, value: '', default: '', source: 'default', place: '', help: '', ...more });
const all = [setting('', 'port', { value: '80', source: 'file' }), setting('models', 'models.proxy', { help: 'The way out' }), setting('', 'host')];

describe('bySection', () => {
  it('groups in the order of the server', () => {
    expect(bySection(all, '', false).map(([name, of]) => [name, of.length])).toEqual([['', 2], ['models', 1]]);
  });
  it('finds words of the help', () => expect(bySection(all, 'WAY out', false)).toHaveLength(1));
  it('shows only what was changed when asked', () => expect(bySection(all, '', true).flatMap(([, of]) => of.map((one) => one.name))).toEqual(['port']));
});
