// Takes the pictures that pages of docs show: npm run docs:pictures
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pictures = join(root, 'docs/pictures');
const shown = ['overview', 'aggregate-order', 'stream', 'consumers'];
const most = 100_000;

const taken = mkdtempSync(join(tmpdir(), 'backstory-pictures-'));
try {
  const { status } = spawnSync(
    'npx',
    ['jest', '--selectProjects', 'dashboard', '-w', '1', '--testPathPatterns', 'test/dashboard/pages'],
    { cwd: root, stdio: 'inherit', env: { ...process.env, SCREENSHOTS: taken } },
  );
  if (status !== 0) process.exit(status ?? 1);
  mkdirSync(pictures, { recursive: true });
  for (const name of shown) {
    for (const theme of ['light', 'dark']) {
      const file = join(taken, `${name}-desktop-${theme}.webp`);
      if (!existsSync(file))
        throw new Error('There are no pictures: is there a Chromium? CHROMIUM names one that is elsewhere.');
      const { size } = statSync(file);
      if (size > most) throw new Error(`${name}, ${theme}: ${size} bytes are more than ${most}.`);
      copyFileSync(file, join(pictures, `${name}-${theme}.webp`));
      process.stdout.write(`docs/pictures/${name}-${theme}.webp: ${size} bytes\n`);
    }
  }
} finally {
  rmSync(taken, { recursive: true, force: true });
}
