import { hash } from 'node:crypto';
import { BackstoryError } from '../errors.js';
import { type ExportFormat, eventEncodings } from './event-encodings.js';
import type { FileStore } from './file-store.js';

/** A file of an export: events of one category and month. */
export interface ExportedFile {
  readonly name: string;
  readonly category: string;
  /** By the time at which they were recorded, UTC: `2026-11`. */
  readonly month: string;
  readonly events: number;
  /** Global positions of the first event and of the last. */
  readonly first: string;
  readonly last: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Events of which values were erased before. */
  readonly erased: number;
  /** States that stand for archived events which were not there any more. */
  readonly standIns: number;
}

/** Positions of the log that were exported together. */
export interface ExportedStretch {
  readonly from: string;
  readonly to: string;
  /** Positions at which the log had no event: `5-7,9`. */
  readonly gaps: string;
  /** By the clock of the database, before it was read. */
  readonly readAt: string;
  readonly files: readonly ExportedFile[];
}

/** What an export says of itself: `manifest.json`, written behind the files that it names. */
export interface ExportManifest {
  readonly format: 'backstory-export-1';
  /** The schema of Backstory's tables. */
  readonly schema: string;
  readonly files: ExportFormat;
  readonly categories: 'all' | readonly string[];
  /** Whether values are encrypted with the keys of their subjects. */
  readonly encrypted: boolean;
  /** Up to this position of the log nothing is left out. */
  readonly to: string;
  /** The stretch of the log without a loss that it was then. */
  readonly epoch: string;
  /** The newest block of the seals up to there; null where nothing is sealed, or the role may not see it. */
  readonly seal: { readonly block: number; readonly to: string; readonly hash: string } | null;
  readonly stretches: readonly ExportedStretch[];
}

export const manifestName = 'manifest.json';

/** Undefined where there is none yet. @throws BackstoryError EXPORT_UNREADABLE */
export async function readManifest(store: FileStore): Promise<ExportManifest | undefined> {
  const body = await store.get(manifestName);
  if (!body) return undefined;
  const manifest = parsed(Buffer.from(body).toString('utf8'));
  if (
    manifest?.format === 'backstory-export-1' &&
    Array.isArray(manifest.stretches) &&
    Object.hasOwn(eventEncodings, String(manifest.files))
  )
    return manifest as ExportManifest;
  throw new BackstoryError(
    'EXPORT_UNREADABLE',
    `${manifestName} is no manifest that this version knows.`,
    'Take the one that was written with the files. That of a newer version needs a newer @backstory/adapter.',
  );
}

/** @throws BackstoryError EXPORT_UNREADABLE where there is none */
export async function requireManifest(store: FileStore): Promise<ExportManifest> {
  const manifest = await readManifest(store);
  if (manifest) return manifest;
  throw new BackstoryError(
    'EXPORT_UNREADABLE',
    `There is no ${manifestName}, so nothing says what the files hold.`,
    'Name the folder of an export. One that was never finished for a first stretch has none: export again.',
  );
}

/** @returns its SHA-256, in hexadecimal digits */
export async function writeManifest(store: FileStore, manifest: ExportManifest): Promise<void> {
  await store.put(manifestName, Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`));
}

export function sha256(body: Uint8Array): string {
  return hash('sha256', body, 'hex');
}

function parsed(text: string): Partial<ExportManifest> | undefined {
  try {
    return JSON.parse(text) as Partial<ExportManifest>;
  } catch {
    return undefined;
  }
}
