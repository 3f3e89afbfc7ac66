/** How an application is told where to read and with what. */
export interface Reads {
  readonly server: string;
  readonly token: string;
  readonly project: string;
  readonly environment: string;
}

/** The variables the client library reads. */
export function variables({ server, token, project, environment }: Reads): string {
  return [`PROMPTOPS_URL=${server}`, `PROMPTOPS_TOKEN=${token}`, `PROMPTOPS_PROJECT=${project}`, `PROMPTOPS_ENVIRONMENT=${environment}`]
    .filter((line) => !line.endsWith('='))
    .join('\n');
}

/** With those set, all an application writes. */
export const PYTHON = 'from promptops import PromptOps\n\nprompts = PromptOps()\nprompt = prompts.get("claims/triage")';

export type TokenState = 'active' | 'expired' | 'revoked';

export function stateOf(token: { readonly revoked_at: string | null; readonly expires_at: string | null }, now: Date): TokenState {
  if (token.revoked_at !== null) return 'revoked';
  return token.expires_at !== null && new Date(token.expires_at) <= now ? 'expired' : 'active';
}
