/** Other accounts of the same human, as far as the list has them. */
export interface Account {
  readonly name: string;
  readonly person: string;
}

export function linkedTo(account: Account, all: readonly Account[]): string[] {
  return all.filter((other) => other.person === account.person && other.name !== account.name).map((other) => other.name);
}
