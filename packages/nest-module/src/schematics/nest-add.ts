import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The files of the application, as @angular-devkit/schematics has them: what is needed of its Tree. */
export interface FileTree {
  read(path: string): Buffer | null;
  overwrite(path: string, content: string): void;
}

/** What is needed of its SchematicContext. */
export interface RuleContext {
  readonly logger: { info(message: string): void; warn(message: string): void };
  addTask(task: { toConfiguration(): { name: string; options: object } }): unknown;
}

/** As NodePackageInstallTask of @angular-devkit/schematics says it. Its own class would be a dependency of everybody. */
const installation = {
  toConfiguration: () => ({ name: 'node-package', options: { command: 'install', quiet: true } }),
};

const adapter = '@backstory/adapter';

/**
 * What `nest add @backstory/nest-module` runs behind the installation. It puts the adapter among the dependencies, and leaves the root module
 * alone: which entities get a history, and what of them, is decided with `npx backstory init`, which looks at the database and asks.
 */
export function nestAdd(): (tree: FileTree, context: RuleContext) => void {
  return (tree, context) => {
    const { logger } = context;
    const content = tree.read('package.json');
    if (content === null) {
      logger.warn(`There is no package.json here. Install the adapter yourself: npm install ${adapter}`);
    } else if (addDependency(tree, content.toString())) {
      context.addTask(installation);
    }
    for (const line of nextSteps) logger.info(line);
  };
}

/** @returns whether it wasn't there */
function addDependency(tree: FileTree, text: string): boolean {
  const manifest = JSON.parse(text) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
  const { dependencies = {}, devDependencies = {} } = manifest;
  if (adapter in dependencies || adapter in devDependencies) return false;
  const all = { ...dependencies, [adapter]: ownVersion() };
  const sorted = Object.fromEntries(Object.entries(all).sort(([one], [other]) => (one < other ? -1 : 1)));
  const indentation = /\n([ \t]+)"/.exec(text)?.[1] ?? '  ';
  tree.overwrite(
    'package.json',
    `${JSON.stringify({ ...manifest, dependencies: sorted }, null, indentation)}\n`,
  );
  return true;
}

/** The two are released together. */
function ownVersion(): string {
  const file = createRequire(__filename).resolve('@backstory/nest-module/package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

const nextSteps = [
  'Next, with your database at hand:',
  '  npx backstory init --dry-run   what it would capture of your entities, and why. Changes nothing',
  '  npx backstory init             asks, and writes the options and the line of your root module',
];
