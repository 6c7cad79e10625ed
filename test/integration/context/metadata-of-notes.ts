import type { DataSource } from 'typeorm';

export type Metadata = Record<string, unknown>;

/** The metadata of the notes' events by the text that each event has written; `deleted` for those without a text. */
export async function metadataOfNotes(
  dataSource: DataSource,
  after: string | number = 0,
): Promise<Record<string, Metadata>> {
  const rows: { text: string; metadata: Metadata }[] = await dataSource.query(
    `select coalesce(data->>'text', 'deleted') as text, metadata from backstory.events
     where category = 'note' and global_position > $1 order by global_position`,
    [after],
  );
  return Object.fromEntries(rows.map(({ text, metadata }) => [text, metadata]));
}

/** Where the events end now: what a test may leave out. */
export async function lastPosition(dataSource: DataSource): Promise<string> {
  const [{ position }] = await dataSource.query(
    'select coalesce(max(global_position), 0) as position from backstory.events',
  );
  return position as string;
}
