import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { BackstoryError, InvalidOptionsError } from '../errors.js';

/**
 * What a TypeScript file of the application exports: by the loader that this process has (`node --import tsx`, `-r ts-node/register`),
 * or by the ts-node that the application has, as TypeORM's own command line does. Types aren't checked.
 * @throws InvalidOptionsError where there is neither
 */
export function loadTypeScript(path: string): Record<string, unknown> {
  const requireThere = createRequire(path);
  if (!('.ts' in requireThere.extensions)) register(requireThere, path);
  try {
    return requireThere(path) as Record<string, unknown>;
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_REQUIRE_ESM') throw error;
    throw new BackstoryError(
      'INVALID_OPTIONS',
      `${path} is an ES module, and ts-node loads CommonJS only.`,
      'Compile the application, and name the JavaScript file.',
      { cause: error },
    );
  }
}

interface TsNode {
  register(options: object): void;
}

function register(requireThere: NodeJS.Require, path: string): void {
  const cwd = dirname(path);
  // paths of the application's tsconfig.json, where it has the package that knows them
  const load = (name: string): unknown => {
    try {
      requireThere.resolve(name);
    } catch {
      return undefined;
    }
    return requireThere(name);
  };
  const tsNode = load('ts-node') as TsNode | undefined;
  if (!tsNode) {
    throw new InvalidOptionsError(
      `Node.js can't load ${path}.`,
      'Compile the application and name the JavaScript file (.js, .cjs or .mjs), or install ts-node in it.',
    );
  }
  tsNode.register({
    cwd,
    transpileOnly: true,
    // "./order.js" in a source means order.ts
    experimentalResolver: true,
    // where output would go, and settings that TypeScript 6 gives up: nothing is written here
    ignoreDiagnostics: [5011, 5101, 5107],
    compilerOptions: { module: 'commonjs' },
  });
  load('tsconfig-paths/register');
}
