import { channel } from 'node:diagnostics_channel';
import { type Backstory, type BackstoryOptions, createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { entities, Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';

interface Replay {
  readonly streams: number;
  readonly events: number;
  readonly fromMemory: number;
}

/** A library whose entities are all replayed, for each test anew, and what its reads found in memory. */
export class MemoryLibrary {
  library: Library;
  /** Writes and reads as the application without Backstory. */
  plain: DataSource;
  backstory: Backstory | undefined;
  /** Of each replay, what it took; the last one last. */
  replays: Replay[] = [];

  constructor() {
    beforeEach(() => this.begin());
    afterEach(() => this.end());
  }

  async open(options: BackstoryOptions = {}): Promise<Backstory> {
    const backstory = await createBackstory(this.library.dataSource, options);
    this.backstory = backstory;
    for (const { category } of await backstory.status())
      await backstory.stages.set(category, 'replay', { force: true });
    return backstory;
  }

  subjects(count: number, label = 'S'): Promise<unknown> {
    return this.plain.query(
      `insert into subject (code, label) select 's' || n, $2 from generate_series(1, $1::int) n`,
      [count, label],
    );
  }

  list(): Promise<Subject[]> {
    return this.library.dataSource.manager.find(Subject, { order: { code: 1 } });
  }

  one(code: string): Promise<Subject | null> {
    return this.library.dataSource.manager.findOneBy(Subject, { code });
  }

  /** How many streams of the last read were found. */
  found(): number | undefined {
    return this.replays.at(-1)?.fromMemory;
  }

  private async begin(): Promise<void> {
    this.library = await openLibrary();
    this.plain = await new DataSource({ type: 'postgres', url: this.library.url, entities }).initialize();
    this.replays = [];
    channel('backstory:operation').subscribe(this.note);
  }

  private async end(): Promise<void> {
    channel('backstory:operation').unsubscribe(this.note);
    await this.backstory?.close();
    this.backstory = undefined;
    await this.plain.destroy();
    await this.library.close();
  }

  private readonly note = (operation: unknown): void => {
    const { name, onEnd } = operation as {
      name: string;
      onEnd: (listen: (end: { attributes: Replay }) => void) => void;
    };
    if (name === 'replay') onEnd(({ attributes }) => this.replays.push(attributes));
  };
}

/** Reads so often that everything is in memory that may be. */
export async function warm(read: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < 12; n++) await read();
}
