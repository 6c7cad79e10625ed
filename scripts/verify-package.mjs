// Checks packages as their users will get them: node scripts/verify-package.mjs packages/adapter …
// publint looks at package.json and files, attw at whether every way to import a package finds its types.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pack } from './pack.mjs';

const CHECKS = [
  ['publint', '--strict'],
  ['attw', '--no-definitely-typed', '--format', 'ascii'],
];

const folder = mkdtempSync(path.join(tmpdir(), 'backstory-packages-'));
try {
  for (const tarball of await pack(process.argv.slice(2), folder)) {
    for (const check of CHECKS) {
      const args = ['--no-install', '--', ...check, tarball];
      const { status } = spawnSync('npx', args, { stdio: 'inherit' });
      if (status !== 0) process.exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
