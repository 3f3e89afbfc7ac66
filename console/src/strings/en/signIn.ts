export const signIn = {
  title: 'Sign in to PromptOps',
  name: 'Name',
  password: 'Password',
  code: 'Code of your authenticator app',
  codeHelp: 'Six digits, or one of your recovery codes.',
  signIn: 'Sign in',
  or: 'or',
  sso: 'Single sign-on',
  lead: 'The control tower for prompts: written, reviewed, published, proven.',
} as const;
