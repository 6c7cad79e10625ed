import type { ExportedEvent } from './exported-event.js';

/** How events stand in a file. */
export interface EventEncoding {
  /** Of the name of the file, without the dot before it. */
  readonly extension: string;
  encode(events: readonly ExportedEvent[]): Promise<Uint8Array>;
  /** @throws whatever says that this is no such file */
  decode(body: Uint8Array): Promise<ExportedEvent[]>;
}
