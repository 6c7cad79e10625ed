import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidOptionsError } from '../../errors.js';

/** The source of the application's root module. */
export interface RootModule {
  readonly file: string;
  readonly source: string;
}

/**
 * That of a file, or where "nest new" puts it: app.module.ts in the sourceRoot of nest-cli.json, or in src.
 * @throws InvalidOptionsError for a file that isn't there, or isn't TypeScript
 */
export function rootModule(named: string | undefined): RootModule | undefined {
  if (named !== undefined && (!existsSync(named) || !named.endsWith('.ts'))) {
    throw new InvalidOptionsError(
      existsSync(named) ? `${named} isn't TypeScript.` : `There is no file ${named}.`,
      'Name the source of the root module: --module src/app.module.ts.',
    );
  }
  const file = named ?? join(sourceRoot(), 'app.module.ts');
  return existsSync(file) ? { file, source: readFileSync(file, 'utf8') } : undefined;
}

function sourceRoot(): string {
  if (!existsSync('nest-cli.json')) return 'src';
  try {
    return (JSON.parse(readFileSync('nest-cli.json', 'utf8')) as { sourceRoot?: string }).sourceRoot ?? 'src';
  } catch {
    return 'src'; // Nest's own command line says what is wrong with it
  }
}
