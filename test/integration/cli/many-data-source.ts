import { DataSource, EntitySchema } from 'typeorm';

/** A hundred entities: thing000 to thing099. */
export const things = Array.from(
  { length: 100 },
  (_, n) =>
    new EntitySchema<{ id: number; name: string }>({
      name: `Thing${String(n).padStart(3, '0')}`,
      columns: { id: { type: 'int', primary: true }, name: { type: 'text' } },
    }),
);

export default new DataSource({ type: 'postgres', url: process.env['MANY_URL'] as string, entities: things });
