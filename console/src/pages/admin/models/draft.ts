/** A model target as its form holds it, and as the API takes it. */
import type { CredentialIn, TargetBody, TargetOut } from '@/api/schema';
import { millionthsOf } from './money';

export type KeyPlace = CredentialIn['kind'] | 'keep';

export interface Draft {
  readonly name: string;
  readonly provider: string;
  readonly model: string;
  readonly catalogueId: string;
  readonly baseUrl: string;
  readonly region: string;
  readonly dataClass: string;
  readonly projects: readonly string[];
  readonly concurrency: number | string;
  readonly perMinute: number | string;
  readonly tokensPerMinute: number | string;
  readonly budget: number | string;
  readonly options: Readonly<Record<string, string>>;
  readonly enabled: boolean;
  readonly key: KeyPlace;
  readonly keyName: string;
  readonly secret: string;
  /** null: the server tells by the id. */
  readonly alias: boolean | null;
}

export function emptyDraft(provider: string, model = ''): Draft {
  return {
    name: '', provider, model, catalogueId: '', baseUrl: '', region: '', dataClass: 'internal', projects: [], concurrency: 8, perMinute: '', tokensPerMinute: '',
    budget: '', options: {}, enabled: true, key: 'none', keyName: '', secret: '', alias: null,
  };
}

export function draftOf(target: TargetOut): Draft {
  return {
    name: target.name, provider: target.provider, model: target.model, catalogueId: target.catalogue_id ?? '', baseUrl: target.base_url ?? '', region: target.region,
    dataClass: target.data_class, projects: target.projects ?? [], concurrency: target.limits.concurrency, perMinute: target.limits.requests_per_minute ?? '',
    tokensPerMinute: target.limits.tokens_per_minute ?? '', budget: target.budget_month === null ? '' : target.budget_month / 1e6, options: target.options,
    enabled: target.enabled, key: 'keep', keyName: '', secret: '', alias: target.alias,
  };
}

const numberOr = (typed: number | string): number | null => (typed === '' ? null : Number(typed));

/** The body; only options that say something and belong to the provider go along. */
export function bodyOf(draft: Draft, optionNames: readonly string[]): TargetBody {
  const options = Object.fromEntries(Object.entries(draft.options).filter(([name, value]) => value !== '' && optionNames.includes(name)));
  return {
    provider: draft.provider,
    model: draft.model.trim(),
    catalogue_id: draft.catalogueId.trim() || null,
    base_url: draft.baseUrl.trim() || null,
    alias: draft.alias,
    region: draft.region.trim(),
    data_class: draft.dataClass,
    projects: draft.projects.length > 0 ? [...draft.projects] : null,
    limits: { concurrency: Number(draft.concurrency || 8), requests_per_minute: numberOr(draft.perMinute), tokens_per_minute: numberOr(draft.tokensPerMinute) },
    budget_month: millionthsOf(draft.budget),
    options,
    enabled: draft.enabled,
    credential: draft.key === 'keep' ? null : { kind: draft.key, name: draft.keyName.trim(), secret: draft.key === 'sealed' ? draft.secret : '' },
  };
}
