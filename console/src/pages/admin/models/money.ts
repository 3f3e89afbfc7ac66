/** The budget of a model target. */

/** Typed dollars in millionths. Empty: no budget. */
export function millionthsOf(typed: number | string): number | null {
  return typed === '' ? null : Math.round(Number(typed) * 1e6);
}

/** How much of the budget is used, 0 to 100; what is set aside counts as spent. */
export function share(spent: number, reserved: number, budget: number): number {
  if (budget <= 0) return 100;
  return Math.min(100, ((spent + reserved) / budget) * 100);
}
