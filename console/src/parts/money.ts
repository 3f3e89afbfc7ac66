/** Money as the API has it (millionths of a US dollar; null: not known) in words. An unknown amount is never shown as nothing. */
import { strings } from '@/strings';

/** `$1.20`, `$0.0043`, `$0.00`; `not known` for null; `$0.02+` where `unpriced` answers have no known cost. */
export function dollars(millionths: number | null | undefined, unpriced = 0): string {
  if (millionths === null || millionths === undefined) return strings.testing.notKnown;
  const amount = millionths / 1_000_000;
  const digits = amount === 0 || amount >= 1 ? 2 : amount >= 0.01 ? 3 : 6;
  const text = amount.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: digits });
  return `$${text}${unpriced > 0 ? '+' : ''}`;
}

/** A typed amount of dollars in millionths; undefined for nothing typed. */
export function millionths(typed: string | number | undefined): number | undefined {
  if (typed === undefined || typed === '') return undefined;
  const amount = Number(typed);
  return Number.isFinite(amount) && amount >= 0 ? Math.round(amount * 1_000_000) : undefined;
}

/** `$2.50`, as prices for a million tokens are told by the API: in dollars. */
export function price(amount: number): string {
  return `$${amount.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 4 })}`;
}
