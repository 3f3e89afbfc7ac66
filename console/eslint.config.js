import hooks from 'eslint-plugin-react-hooks';
import a11y from 'eslint-plugin-jsx-a11y';
import ts from 'typescript-eslint';

export default ts.config(
  { ignores: ['src/api/schema.ts', 'node_modules'] },
  ...ts.configs.strict,
  hooks.configs.flat.recommended,
  a11y.flatConfigs.recommended,
  {
    rules: {
      // The first field of a page made for one form, such as sign-in; never a DOM element of its own accord.
      'jsx-a11y/no-autofocus': ['error', { ignoreNonDOM: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'Content of users is never rendered as HTML.' },
      ],
      // Pages of one area may not reach into another's: what two need belongs in parts/.
      'no-restricted-imports': ['error', { patterns: [{ group: ['../../*/*'], message: "Use '@/…' and only parts, api, frame, strings." }] }],
    },
  },
);
