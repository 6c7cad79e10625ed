import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { compiledFile } from './compiled-file.js';

describe('where a compiler puts a source', () => {
  const before = process.cwd();
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'backstory-compiled-'));
    process.chdir(folder);
  });

  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['src/data-source.ts', 'dist/data-source.js', 'src/backstory.config.ts', 'dist/backstory.config.js'],
    [
      'src/db/data-source.ts',
      'build/db/data-source.js',
      'src/backstory.config.ts',
      'build/backstory.config.js',
    ],
    ['src/data-source.mts', 'dist/data-source.mjs', 'src/history/options.ts', 'dist/history/options.js'],
    [
      'src/data-source.ts',
      'dist/src/data-source.js',
      'src/backstory.config.ts',
      'dist/src/backstory.config.js',
    ],
    ['data-source.ts', 'dist/data-source.js', 'backstory.config.ts', 'dist/backstory.config.js'],
  ])('as it has put %s: %s', (source, compiled, configuration, expected) => {
    mkdirSync(dirname(source), { recursive: true });
    writeFileSync(source, '');
    const found = compiledFile(configuration, compiled);
    expect(found).toBe(expected);
    expect(compiledFile(join(folder, configuration), join(folder, compiled))).toBe(found);
  });

  it('is the source where it is no TypeScript, where that is loaded as it is, and where nothing tells', () => {
    expect(compiledFile('backstory.config.js', 'dist/data-source.js')).toBe('backstory.config.js');
    expect(compiledFile('src/backstory.config.ts', 'src/data-source.ts')).toBe('src/backstory.config.ts');
    expect(compiledFile('src/backstory.config.ts', 'dist/data-source.js')).toBe('src/backstory.config.ts');
    expect(compiledFile('src/backstory.config.ts', '../elsewhere/data-source.js')).toBe(
      'src/backstory.config.ts',
    );
  });
});
