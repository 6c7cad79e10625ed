import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HostTree } from '@angular-devkit/schematics';
import { SchematicTestRunner } from '@angular-devkit/schematics/testing/index.js';
import { nestAdd } from '../../../packages/nest-module/src/schematics/nest-add.js';

const root = join(__dirname, '../../../packages/nest-module');
const collection = join(root, 'schematics.json');
const manifest = (more: object): string => `${JSON.stringify({ name: 'shop', ...more }, null, 4)}\n`;

/** Runs the rule as `nest add` does, and says what it logged and which tasks it asked for. */
async function run(files: Record<string, string>) {
  const runner = new SchematicTestRunner('backstory', collection);
  const said: string[] = [];
  const hear = (message: string): void => void said.push(message);
  const tree = new HostTree();
  for (const [path, content] of Object.entries(files)) tree.create(path, content);
  const tasks: string[] = [];
  await new Promise<void>((resolve, reject) => {
    runner
      .callRule((host, context) => {
        const own = {
          logger: { info: hear, warn: hear },
          addTask: (task: Parameters<typeof context.addTask>[0]) => {
            tasks.push(task.toConfiguration().name);
            return context.addTask(task);
          },
        };
        nestAdd()(host, own);
        return host;
      }, tree)
      .subscribe({ complete: resolve, error: reject });
  });
  return { said, tasks, read: (path: string) => tree.read(path)?.toString() };
}

describe('nest add @backstory/nest-module', () => {
  it('puts the adapter of the same version among the dependencies, installs it, and says how to go on', async () => {
    const { said, tasks, read } = await run({
      'package.json': manifest({
        dependencies: { '@nestjs/core': '^11.0.0', '@backstory/nest-module': '0.1.0' },
      }),
    });
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(read('package.json')).toBe(
      manifest({
        dependencies: {
          '@backstory/adapter': version,
          '@backstory/nest-module': '0.1.0',
          '@nestjs/core': '^11.0.0',
        },
      }),
    );
    expect(tasks).toEqual(['node-package']);
    expect(said.join('\n')).toMatch(/npx backstory init --dry-run .*Changes nothing\n.*npx backstory init /);
  });

  it('leaves an adapter that is there, and installs nothing', async () => {
    const before = manifest({ devDependencies: { '@backstory/adapter': 'file:../adapter' } });
    const { tasks, read } = await run({ 'package.json': before });
    expect(read('package.json')).toBe(before);
    expect(tasks).toEqual([]);
  });

  it('says what is to be installed where there is no package.json', async () => {
    const { said, tasks } = await run({});
    expect(tasks).toEqual([]);
    expect(said[0]).toBe(
      'There is no package.json here. Install the adapter yourself: npm install @backstory/adapter',
    );
  });

  it('is found by the name that the CLI of NestJS looks for, in files that are published', () => {
    const { schematics } = JSON.parse(readFileSync(collection, 'utf8')) as {
      schematics: Record<string, { factory: string }>;
    };
    expect(schematics['nest-add']?.factory).toBe('./dist/cjs/schematics/nest-add#nestAdd');
    const published = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as object;
    expect(published).toMatchObject({
      schematics: './schematics.json',
      files: expect.arrayContaining(['dist', 'schematics.json']) as unknown,
    });
  });
});
