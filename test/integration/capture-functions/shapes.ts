import type { AggregateOptions } from '@backstory/adapter';
import { EntitySchema } from 'typeorm';

/** A small table of one kind, and how it is captured. */
export interface Shape {
  readonly entities: readonly EntitySchema[];
  readonly aggregates?: readonly AggregateOptions[];
  /** What TypeORM can't say of a table. */
  readonly sql?: string;
  /** The table whose functions are shown. */
  readonly table: string;
}

const text = { type: 'text' } as const;
const id = { type: 'int', primary: true } as const;

const Note = new EntitySchema({ name: 'Note', columns: { id, body: text } });
const Draft = new EntitySchema({
  name: 'Draft',
  columns: { id, body: text, deletedAt: { type: 'timestamptz', deleteDate: true } },
});
const Seat = new EntitySchema({
  name: 'Seat',
  columns: {
    row: { type: 'text', primary: true },
    number: { type: 'int', primary: true },
    taken: { type: 'bool' },
  },
});
const Line = new EntitySchema<{ id: number; bill: object; amount: string }>({
  name: 'Line',
  columns: { id, amount: { type: 'numeric' } },
  relations: { bill: { type: 'many-to-one', target: 'Bill', inverseSide: 'lines', joinColumn: true } },
});
const Bill = new EntitySchema<{ id: number; lines: object[] }>({
  name: 'Bill',
  columns: { id },
  relations: { lines: { type: 'one-to-many', target: 'Line', inverseSide: 'bill' } },
});
const Values = new EntitySchema({
  name: 'Values',
  tableName: 'values',
  columns: {
    id: { type: 'uuid', primary: true },
    big: { type: 'bigint' },
    exact: { type: 'numeric' },
    real: { type: 'float8' },
    at: { type: 'timestamptz' },
    day: { type: 'date' },
    bytes: { type: 'bytea' },
    tags: { type: 'text', array: true },
    document: { type: 'jsonb' },
  },
});

const Post = new EntitySchema({
  name: 'Post',
  tableName: 'blog_posts',
  columns: { id, body: { type: 'text', name: 'post_body' } },
});

/** One for each thing that makes the functions look otherwise. */
export const shapes: Readonly<Record<string, Shape>> = {
  simple: { entities: [Note], table: 'note' },
  'key-of-two-columns': { entities: [Seat], table: 'seat' },
  'every-kind-of-value': { entities: [Values], table: 'values' },
  'events-by-rule': {
    entities: [Note],
    table: 'note',
    aggregates: [{ entity: Note, events: [{ type: 'NoteClosed', when: { became: { body: 'closed' } } }] }],
  },
  'excluded-column': { entities: [Note], table: 'note', aggregates: [{ entity: Note, exclude: ['body'] }] },
  'root-with-parts': {
    entities: [Bill, Line],
    table: 'bill',
    aggregates: [{ entity: Bill, owns: ['lines'] }],
  },
  'soft-deleted': { entities: [Draft], table: 'draft' },
  partitioned: {
    entities: [Note],
    table: 'note',
    sql: `drop table note;
      create table note (id int primary key, body text not null) partition by range (id);
      create table note_small partition of note for values from (0) to (1000);`,
  },
  'columns-of-other-names': { entities: [Post], table: 'blog_posts' },
  'recorded-failures': {
    entities: [Note],
    table: 'note',
    aggregates: [{ entity: Note, whenCaptureFails: 'record' }],
  },
  part: { entities: [Bill, Line], table: 'line', aggregates: [{ entity: Bill, owns: ['lines'] }] },
};
