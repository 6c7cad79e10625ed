import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const relativeWithoutExtension = '/^\\.{1,2}(\\u002F(?!.*\\.(js|cjs|mjs|json)$).*)?$/';

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      'coverage/',
      'packages/*/src/**/generated/',
      'test/documentation/generated/',
      'site/.vitepress/{cache,.temp}/',
      // of other versions, with a compiler and tests of its own
      'examples/clinic/',
    ],
  },
  eslint.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './packages/nest-module/dashboard/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'max-lines': ['error', 300],
      eqeqeq: ['error', 'always'],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Nest reads constructor parameter types at run time: `import type` would erase what it injects.
      '@typescript-eslint/consistent-type-imports': 'off',
    },
  },
  {
    // The compiler resolves these imports without an extension; Node does not, in the ES module build.
    files: ['packages/*/src/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression'].map(
          (node) => ({
            selector: `${node}[source.value=${relativeWithoutExtension}]`,
            message: 'Relative imports name the file with its extension: ./stream-name.js',
          }),
        ),
      ],
    },
  },
  {
    files: ['test/**/*.ts', '**/*.spec.ts', '**/*.e2e-spec.ts'],
    rules: {
      // expect(object.method) only looks at the method.
      '@typescript-eslint/unbound-method': 'off',
      // Rows and responses are checked by what the test expects of them, not by their type.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['**/*.{js,cjs,mjs}'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { '@typescript-eslint/no-require-imports': 'off', 'no-undef': 'off' },
  },
);
