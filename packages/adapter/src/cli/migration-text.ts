import type { ModuleFormat } from '../proposal/index.js';

/** A migration of the application that installs Backstory. */
export interface MigrationText {
  /** Of its name, in milliseconds. */
  readonly timestamp: number;
  readonly format: ModuleFormat;
  readonly schema?: string;
  /** How its file imports the options of the application; none for those of the last installation. */
  readonly configuration?: string;
}

/** The source of a TypeORM migration that installs what is missing when it runs, in its own transaction. */
export function migrationText({ timestamp, format, schema, configuration }: MigrationText): string {
  const isTypeScript = format === 'typescript';
  const isModule = format !== 'commonjs';
  const options = [
    ...(configuration === undefined ? [] : ['...options']),
    ...(schema === undefined ? [] : [`schema: ${JSON.stringify(schema)}`]),
  ];
  const given = options.length === 0 ? '' : `, { ${options.join(', ')} }`;
  const name = `InstallBackstory${timestamp}`;
  const runner = isTypeScript ? 'queryRunner: QueryRunner' : 'queryRunner';
  const result = isTypeScript ? ': Promise<void>' : '';
  const head = isModule
    ? [
        `import { installBackstory } from '@backstory/adapter';`,
        ...(isTypeScript ? [`import type { MigrationInterface, QueryRunner } from 'typeorm';`] : []),
        ...(configuration === undefined ? [] : [`import options from '${configuration}';`]),
      ]
    : [
        `const { installBackstory } = require('@backstory/adapter');`,
        ...(configuration === undefined ? [] : [`const options = require('${configuration}');`]),
      ];
  return [
    ...head,
    '',
    '/** Installs what is missing of the history when it runs. Written by "npx backstory migration". */',
    `${isModule ? 'export ' : ''}class ${name}${isTypeScript ? ' implements MigrationInterface' : ''} {`,
    `  name = '${name}';`,
    '',
    `  async up(${runner})${result} {`,
    `    await installBackstory(queryRunner${given});`,
    '  }',
    '',
    '  // What was recorded stays. "npx backstory stage --all off" ends capture.',
    `  async down()${result} {}`,
    '}',
    ...(isModule ? [] : ['', `module.exports = { ${name} };`]),
    '',
  ].join('\n');
}
