import { describe, expect, it } from 'vitest';
import { bodyOf, emptyDraft } from './draft';

describe('bodyOf', () => {
  it('lets every project use it when none is named', () => {
    expect(bodyOf(emptyDraft('ollama', 'llama3.2'), []).projects).toBeNull();
    expect(bodyOf({ ...emptyDraft('ollama'), projects: ['bank', 'clinic'] }, []).projects).toEqual(['bank', 'clinic']);
  });
  it('leaves the key alone when it stays as it is', () => {
    expect(bodyOf({ ...emptyDraft('openai'), key: 'keep', secret: 'x' }, []).credential).toBeNull();
  });
  it('sends no secret with a key that lies elsewhere', () => {
    expect(bodyOf({ ...emptyDraft('openai'), key: 'env', keyName: 'A_API_KEY', secret: 'left over' }, []).credential).toEqual({ kind: 'env', name: 'A_API_KEY', secret: '' });
  });
  it('drops options of another provider and empty ones', () => {
    const draft = { ...emptyDraft('azure_openai'), options: { api_version: '2024-10-21', threads: '4', auth: '' } };
    expect(bodyOf(draft, ['api_version', 'auth']).options).toEqual({ api_version: '2024-10-21' });
  });
  it('tells no budget from a budget of zero', () => {
    expect(bodyOf(emptyDraft('x'), []).budget_month).toBeNull();
    expect(bodyOf({ ...emptyDraft('x'), budget: 0 }, []).budget_month).toBe(0);
  });
});
