import { isMarkedErased } from '../seals/index.js';
import { eventEncodings } from './event-encodings.js';
import { type ExportedEvent, momentOf } from './exported-event.js';
import type { FileStore } from './file-store.js';
import { type ExportedFile, type ExportManifest, sha256 } from './manifest.js';
import type { Stretch } from './read-stretch.js';

type Encrypt = (events: readonly ExportedEvent[]) => Promise<readonly ExportedEvent[]>;

interface Share {
  readonly category: string;
  readonly month: string;
  readonly events: ExportedEvent[];
  erased: number;
  standIns: number;
}

/** Writes the files of a stretch, one for each category and month, and says what is in them. */
export async function writeStretch(
  store: FileStore,
  { files: format, categories }: ExportManifest,
  stretch: Stretch,
  encrypt: Encrypt | undefined,
): Promise<ExportedFile[]> {
  const files: ExportedFile[] = [];
  for (const share of sharesOf(stretch, categories)) {
    const { month, erased, standIns } = share;
    const events = encrypt ? await encrypt(share.events) : share.events;
    // encrypted, it has the name that the code of today has for it
    const category = events[0]?.category ?? share.category;
    const encoding = eventEncodings[format];
    const name = `category=${category}/month=${month}/part-${String(stretch.from).padStart(15, '0')}.${encoding.extension}`;
    const body = await encoding.encode(events);
    await store.put(name, body);
    files.push({
      name,
      category,
      month,
      events: events.length,
      first: (events[0] as ExportedEvent).globalPosition,
      last: (events.at(-1) as ExportedEvent).globalPosition,
      bytes: body.byteLength,
      sha256: sha256(body),
      erased,
      standIns,
    });
  }
  return files;
}

function sharesOf({ events }: Stretch, categories: ExportManifest['categories']): Iterable<Share> {
  const shares = new Map<string, Share>();
  for (const { event, metadata, standsAlone } of events) {
    const { category } = event;
    if (categories !== 'all' && !categories.includes(category)) continue;
    const month = momentOf(event).slice(0, 7);
    const name = `${category}/${month}`;
    const share = shares.get(name) ?? { category, month, events: [], erased: 0, standIns: 0 };
    shares.set(name, share);
    share.events.push(event);
    if (isMarkedErased(metadata)) share.erased++;
    if (standsAlone) share.standIns++;
  }
  return shares.values();
}
