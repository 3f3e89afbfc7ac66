import { describe, expect, it } from 'vitest';
import type { InventoryItem } from '@/api/schema';
import { cell, csv, fits, htmlReport, report } from './files';

const item: InventoryItem = {
  address: 'bank/claims/triage', project: 'bank', path: 'claims/triage', version: 2, use_case_id: 'UC-1', owner: 'maria', backup: null, decision_role: 'assist', tier: 'medium', residual_tier: 'low',
  complete: true, faults: 0, valid: true, model: 'a|b', provider: null, hosting: null, data_class: 'internal', review_due: '2027-01-01', live: [{ environment: 'production', version: 2 }],
};

describe('the inventory as files', () => {
  it('quotes what spreadsheets would take apart or run', () => {
    expect(cell('a,"b"')).toBe('"a,""b"""');
    expect(cell('=HYPERLINK()')).toBe("'=HYPERLINK()");
    expect(csv([item]).split('\r\n')).toHaveLength(3);
  });
  it('finds by text, tier, record and what is live', () => {
    expect(fits(item, { q: 'MARIA', tier: 'medium', record: 'complete', live: '1' })).toBe(true);
    expect(fits(item, { record: 'incomplete' })).toBe(false);
    expect(fits({ ...item, live: [] }, { live: '1' })).toBe(false);
  });
  it('groups the document by use case, those without one last', () => {
    const text = report('bank', [{ ...item, use_case_id: null }, item], new Date('2026-07-01T10:00:00Z'));
    expect(text.indexOf('## UC-1')).toBeLessThan(text.indexOf('## Without a use case'));
    expect(text).toContain('a\\|b');
  });
});

it('writes what people wrote as text into the HTML report', () => {
  const text = htmlReport('bank', [{ ...item, path: '<script>alert(1)</script>', use_case_id: '"A" & B' }], new Date('2026-03-01T10:00:00Z'));
  expect(text).not.toContain('<script>');
  expect(text).toContain('<h2>&quot;A&quot; &amp; B</h2>');
  expect(text).toContain('1 prompt in 1 use case. As of 2026-03-01 10:00 UTC.');
});
