import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { expectExactReplay, type History, openHistory } from './history.js';
import { typeDefinitions, valueTypes } from './value-types.js';

export type Specimen = Record<string, unknown> & { id: string };

/** A table with a column of every type. */
export const SpecimenSchema = new EntitySchema<Specimen>({
  name: 'Specimen',
  columns: {
    id: { type: 'text', primary: true },
    ...Object.fromEntries(
      Object.entries(valueTypes).map(([name, { typeorm }]) => [
        name,
        { ...typeorm, nullable: true } as EntitySchemaColumnOptions,
      ]),
    ),
  } as never,
});

const columns = Object.entries(valueTypes);

export function openSpecimens(): Promise<History> {
  return openHistory({
    entities: [SpecimenSchema],
    synchronize: false,
    sql: `${typeDefinitions};
      create table public.specimen (
        id text primary key, ${columns.map(([name, { sql }]) => `"${name}" ${sql}`).join(', ')}
      )`,
  });
}

export async function expectExactSpecimens(history: History): Promise<void> {
  const blank = `update specimen set ${columns.map(([name]) => `"${name}" = null`).join(', ')}`;
  await expectExactReplay(history, SpecimenSchema, blank);
}
