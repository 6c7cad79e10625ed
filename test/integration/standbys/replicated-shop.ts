import { type Backstory, type BackstoryOptions, createBackstory } from '@backstory/adapter';
import { DataSource, EntitySchema } from 'typeorm';

export interface Note {
  id: number;
  body: string;
}

export const notes = new EntitySchema<Note>({
  name: 'Note',
  columns: { id: { type: 'int', primary: true, generated: true }, body: { type: 'text' } },
});

export interface ReplicatedShop {
  readonly dataSource: DataSource;
  readonly backstory: Backstory;
  readonly warnings: string[];
  /** As the application reads it: on whichever standby TypeORM picks. */
  bodyOf(id: number): Promise<string | undefined>;
  close(): Promise<void>;
}

/** An application that writes to one server and reads from others. */
export async function openReplicated(
  master: string,
  slaves: readonly string[],
  options: BackstoryOptions & { synchronize?: boolean } = {},
): Promise<ReplicatedShop> {
  const { synchronize = false, ...own } = options;
  const dataSource = await new DataSource({
    type: 'postgres',
    replication: { master: { url: master }, slaves: slaves.map((url) => ({ url })) },
    entities: [notes],
    synchronize,
    extra: { connectionTimeoutMillis: 20_000 },
  }).initialize();
  const warnings: string[] = [];
  const backstory = await createBackstory(dataSource, {
    aggregates: ['Note'],
    stagePollMs: 50,
    logger: { log: () => undefined, warn: (message) => void warnings.push(message) },
    ...own,
  });
  return {
    dataSource,
    backstory,
    warnings,
    bodyOf: async (id) => (await dataSource.getRepository<Note>('Note').findOneBy({ id }))?.body,
    close: async () => {
      await backstory.close();
      await dataSource.destroy();
    },
  };
}

/** How reads tell replay from the row: written behind the triggers, the row says something else than its events. */
export async function writeBehindTriggers({ dataSource }: ReplicatedShop, body: string): Promise<void> {
  await dataSource.query(
    `begin; set local session_replication_role = replica; update note set body = '${body}'; commit`,
  );
}
