export const sign = {
  sign: 'Sign',
  notPossible: 'You cannot sign now',
  how: 'How you sign',
  and: ' and ',
  byPassword: 'your password',
  byCode: 'a code of your authenticator app',
  bySso: 'a fresh single sign-on',
  password: 'Your password',
  code: 'Code',
  codeHelp: 'From your authenticator app, or a recovery code',
  sso: 'Your organisation’s sign-in must be fresh. If it is not, the answer says so: sign in there again and come back.',
  again: 'You have signed a moment ago, so less is asked this time.',
} as const;
