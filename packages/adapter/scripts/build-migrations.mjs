// Compiles sql/*.sql into a TypeScript module, so that no bundler or packager can lose the files.
// With --check, fails when the module does not say what the files say.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const adapter = fileURLToPath(new URL('..', import.meta.url));
const source = path.join(adapter, 'sql');
const target = path.join(adapter, 'src', 'schema', 'generated', 'migrations.ts');

const code = render(readMigrations(source));
if (!process.argv.includes('--check')) {
  mkdirSync(path.dirname(target), { recursive: true });
  if (readIfThere(target) !== code) writeFileSync(target, code);
} else if (readIfThere(target) !== code) {
  fail(
    `${path.relative(process.cwd(), target)} is stale: run "npm run build:migrations" and commit the result.`,
  );
}

/** @param {string} folder */
function readMigrations(folder) {
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'));
  if (files.length === 0) fail(`There are no migrations in ${folder}.`);
  const migrations = files.map((file) => {
    const [, number] = /^(\d{6})-[a-z0-9-]+\.sql$/.exec(file) ?? [];
    if (!number) fail(`${file}: migrations are named like 000001-events.sql.`);
    const sql = readFileSync(path.join(folder, file), 'utf8').trim();
    // The text goes into a template literal, which these would end or fill.
    if (/`|\$\{/.test(sql) || sql.endsWith('\\')) {
      fail(`${file}: a migration may not contain a backtick or "\${", nor end with a backslash.`);
    }
    // also in a comment: the whole text goes to the server, whose encoding may not have it
    const strange = /[^\n -~]/.exec(sql);
    if (strange) fail(`${file}: a migration is in ASCII, and "${strange[0]}" is not.`);
    return { id: Number(number), name: path.basename(file, '.sql'), sql };
  });
  migrations.sort((a, b) => a.id - b.id);
  for (const [index, { id, name }] of migrations.entries()) {
    if (id === index + 1) continue;
    fail(
      `${name}: expected migration number ${index + 1}. Numbers start at 1, without a gap and without a double.`,
    );
  }
  return migrations;
}

/** @param {{ id: number, name: string, sql: string }[]} migrations */
function render(migrations) {
  const entries = migrations.map(
    ({ id, name, sql }) =>
      `  {\n    id: ${id},\n    name: '${name}',\n    sql: String.raw\`\n${sql}\n\`,\n  },\n`,
  );
  return (
    '// Generated from sql/*.sql by "npm run build:migrations". Do not edit.\n' +
    `export const migrations = [\n${entries.join('')}];\n`
  );
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}
