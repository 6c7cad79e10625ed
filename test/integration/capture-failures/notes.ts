import {
  type AggregateOptions,
  type Backstory,
  type BackstoryOptions,
  createBackstory,
} from '@backstory/adapter';
import { type DataSource, EntitySchema } from 'typeorm';
import { type Library, openLibrary } from '../../library/open-library.js';

export interface NoteRow {
  id: number;
  body: string;
}

export const Note = new EntitySchema<NoteRow>({
  name: 'Note',
  columns: { id: { type: 'int', primary: true }, body: { type: 'text' } },
});

/** A row of the table of failures, by what tests look at. */
export interface Failure {
  readonly table_name: string;
  readonly operation: string;
  readonly sqlstate: string;
  readonly message: string;
  readonly context: Record<string, unknown>;
  readonly rows: string | null;
  readonly streams: string[] | null;
  readonly settled: boolean;
}

export interface Notes {
  readonly library: Library;
  readonly dataSource: DataSource;
  readonly backstory: Backstory;
  readonly query: <Row = unknown>(sql: string, parameters?: unknown[]) => Promise<Row[]>;
  readonly failures: () => Promise<Failure[]>;
  /** What the table of notes has. */
  readonly bodies: () => Promise<string[]>;
  /** Has every event that is written fail, until it is mended. */
  readonly breakCapture: (code?: string) => Promise<void>;
  readonly mendCapture: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Notes 1 and 2, captured and proven, by this policy. */
export async function openNotes(
  whenCaptureFails: AggregateOptions['whenCaptureFails'],
  { prepare = '', ...options }: BackstoryOptions & { prepare?: string } = {},
): Promise<Notes> {
  const library = await openLibrary({ entities: [Note] });
  const { dataSource } = library;
  if (prepare !== '') await dataSource.query(prepare);
  const backstory = await createBackstory(dataSource, {
    aggregates: [{ entity: Note, ...(whenCaptureFails && { whenCaptureFails }) }],
    ...options,
  });
  const query = <Row>(sql: string, parameters?: unknown[]): Promise<Row[]> =>
    dataSource.query(sql, parameters);
  await query(`insert into note (id, body) values (1, 'a'), (2, 'b')`);
  await backstory.backfill();
  await backstory.verify();
  return {
    library,
    dataSource,
    backstory,
    query,
    failures: () =>
      query<Failure>(
        `select table_name, operation, sqlstate, message, context, rows, streams, settled_at is not null as settled
         from backstory.capture_failures order by id`,
      ),
    bodies: async () =>
      (await query<NoteRow>('select id, body from note order by id')).map(({ id, body }) => `${id} ${body}`),
    breakCapture: async (code = 'P0001') => {
      await query(
        `create or replace function broken() returns trigger language plpgsql as $$
         begin raise exception 'somebody broke it' using errcode = '${code}'; end $$;
         create or replace trigger broken before insert on backstory.events for each row execute function broken()`,
      );
    },
    mendCapture: async () => {
      await query('drop trigger if exists broken on backstory.events');
    },
    close: async () => {
      await backstory.close();
      await library.close();
    },
  };
}
