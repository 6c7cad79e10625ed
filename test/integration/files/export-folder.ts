import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

/** What a manifest says, as far as tests look at it. */
export interface ManifestOfTest {
  readonly to: string;
  readonly seal: { block: number; to: string; hash: string } | null;
  readonly stretches: readonly {
    from: string;
    to: string;
    gaps: string;
    files: readonly {
      name: string;
      category: string;
      events: number;
      sha256: string;
      first: string;
      last: string;
    }[];
  }[];
}

/** A folder for an export, and what its manifest says. */
export interface ExportFolder {
  readonly path: string;
  manifest(): Promise<ManifestOfTest>;
  /** Each file with its hash. */
  hashes(): Promise<Record<string, string>>;
  /** Another text in its lines, and hashes that fit. */
  forge(text: string, other: string): Promise<void>;
  remove(): Promise<void>;
}

export async function exportFolder(): Promise<ExportFolder> {
  const path = await mkdtemp(join(tmpdir(), 'backstory-export-'));
  const manifest = async (): Promise<ManifestOfTest> =>
    JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8')) as ManifestOfTest;
  return {
    path,
    manifest,
    hashes: async () => {
      const { stretches } = await manifest();
      return Object.fromEntries(
        stretches.flatMap(({ files }) => files.map(({ name, sha256 }) => [name, sha256] as const)),
      );
    },
    forge: async (text, other) => {
      const said = await manifest();
      const stretches = await Promise.all(
        said.stretches.map(async (stretch) => ({
          ...stretch,
          files: await Promise.all(
            stretch.files.map(async (file) => {
              const lines = gunzipSync(await readFile(join(path, file.name))).toString();
              const body = gzipSync(lines.replace(text, other));
              await writeFile(join(path, file.name), body);
              return { ...file, sha256: createHash('sha256').update(body).digest('hex') };
            }),
          ),
        })),
      );
      await writeFile(join(path, 'manifest.json'), JSON.stringify({ ...said, stretches }));
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
