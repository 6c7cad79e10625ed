import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { EventEncoding } from './event-encoding.js';
import { type ExportedEvent, microsOf, momentOf, numberOf } from './exported-event.js';

const [compress, decompress] = [promisify(gzip), promisify(gunzip)];

/** A JSON object for each event in a line of its own, named as the columns of the log, compressed by gzip. */
export const eventLines: EventEncoding = {
  extension: 'ndjson.gz',
  encode: (events) => compress(events.map((event) => `${lineOf(event)}\n`).join('')),
  decode: async (body) => {
    const lines = (await decompress(body)).toString('utf8').split('\n');
    if (lines.pop() !== '') throw new SyntaxError('its last line is cut');
    return lines.map(eventOf);
  },
};

/**
 * Metadata and data come last, as the log has them to the letter: so a line can be cut where they begin. White space between the values
 * of data may break a line: then the line has its exact text, too.
 */
export function lineOf(event: ExportedEvent): string {
  const isBroken = /[\n\r]/.test(event.data);
  const head = JSON.stringify({
    global_position: numberOf(event, event.globalPosition),
    stream_position: numberOf(event, event.streamPosition),
    recorded_at: momentOf(event),
    schema_version: Number(event.schemaVersion),
    change: event.change,
    category: event.category,
    stream_id: event.streamId,
    type: event.type,
    epoch: event.epoch,
    data_text: isBroken ? event.data : undefined,
  });
  const data = isBroken ? event.data.replace(/[\n\r]/g, ' ') : event.data;
  return `${head.slice(0, -1)}${toMetadata}${event.metadata}${toData}${data}}`;
}

// Neither can be within a value before it: there, quotes are escaped, and PostgreSQL puts a space behind each comma of a jsonb.
const toMetadata = ',"metadata":';
const toData = ',"data":';

/** @throws SyntaxError for a line that {@link lineOf} has not written */
export function eventOf(line: string): ExportedEvent {
  const metadataAt = line.indexOf(toMetadata);
  const dataAt = line.indexOf(toData, metadataAt);
  if (metadataAt < 0 || dataAt < 0 || !line.endsWith('}')) throw new SyntaxError('a line is no event');
  const head = JSON.parse(`${line.slice(0, metadataAt)}}`) as Record<string, unknown>;
  const text = (name: string): string => {
    const value = head[name];
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    throw new SyntaxError(`a line has no ${name}`);
  };
  return {
    globalPosition: text('global_position'),
    category: text('category'),
    streamId: text('stream_id'),
    streamPosition: text('stream_position'),
    type: text('type'),
    change: text('change'),
    schemaVersion: text('schema_version'),
    recordedAt: microsOf(text('recorded_at')),
    data: typeof head['data_text'] === 'string' ? head['data_text'] : line.slice(dataAt + toData.length, -1),
    metadata: line.slice(metadataAt + toMetadata.length, dataAt),
    ...(head['epoch'] !== undefined && { epoch: text('epoch') }),
  };
}
