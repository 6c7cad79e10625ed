import { hash } from 'node:crypto';
import { sealHash } from './seal-hash.js';

/** Of metadata, what a leaf says in the clear, where it is text: ids of requests, and where an event came from. */
const clearMetadata = ['origin', 'correlationId', 'causationId', 'traceparent'] as const;

/** An event as it is sealed: every value as text, so that nothing depends on how a program reads it. */
export interface SealedEvent {
  readonly globalPosition: string;
  readonly category: string;
  readonly streamId: string;
  readonly streamPosition: string;
  readonly type: string;
  readonly change: string;
  readonly schemaVersion: string;
  /** Microseconds since 2000-01-01 00:00:00 UTC, as PostgreSQL keeps a moment. */
  readonly recordedAt: string;
  /** As it stands in the log, to the letter. */
  readonly data: string;
  /** As PostgreSQL prints it. */
  readonly metadata: string;
}

type Metadata = Readonly<Record<string, unknown>>;

/** The text whose hash is the leaf of an event: a JSON array of texts and nulls. `commitment` in hexadecimal digits. */
export function leafText(event: SealedEvent, metadata: Metadata, commitment: string): string {
  return JSON.stringify([
    'backstory-leaf-1',
    event.globalPosition,
    event.category,
    event.streamId,
    event.streamPosition,
    event.type,
    event.change,
    event.schemaVersion,
    event.recordedAt,
    ...clearMetadata.map((key) => (typeof metadata[key] === 'string' ? metadata[key] : null)),
    commitment,
  ]);
}

/** As {@link sealHash} gives it. */
export function leafOf(event: SealedEvent, metadata: Metadata, commitment: string): string {
  return sealHash(leafText(event, metadata, commitment));
}

/** What a leaf says of data and metadata, in hexadecimal digits, as is the salt. */
export function commitmentOf({ data, metadata }: SealedEvent, salt: string): string {
  return hash('sha256', `${salt}:${Buffer.byteLength(data)}:${data}${metadata}`, 'hex');
}
