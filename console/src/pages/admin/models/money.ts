/** Money of the API (millionths of a US dollar) as people write it, and back. */

/** `$1.50`, `$0.0042` where cents would say nothing. */
export function dollars(millionths: number): string {
  const amount = millionths / 1e6;
  const digits = amount !== 0 && Math.abs(amount) < 0.01 ? 6 : 2;
  return amount.toLocaleString('en', { style: 'currency', currency: 'USD', minimumFractionDigits: 2, maximumFractionDigits: digits });
}

/** Empty: no budget. */
export function millionthsOf(typed: number | string): number | null {
  return typed === '' ? null : Math.round(Number(typed) * 1e6);
}

/** A price of the catalogue, in dollars for a million tokens. */
export function price(perMillion: number): string {
  return perMillion.toLocaleString('en', { style: 'currency', currency: 'USD', minimumFractionDigits: 2, maximumFractionDigits: 4 });
}

/** How much of the budget is used, 0 to 100; what is set aside counts as spent. */
export function share(spent: number, reserved: number, budget: number): number {
  if (budget <= 0) return 100;
  return Math.min(100, ((spent + reserved) / budget) * 100);
}
