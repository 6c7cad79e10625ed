import { DataSource, EntitySchema } from 'typeorm';

const Gadget = new EntitySchema({
  name: 'Gadget',
  columns: { id: { type: 'int', primary: true, generated: true }, label: { type: 'text' } },
});

/** Options that have to be awaited, as TypeORM's command line takes them, too. */
export default Promise.resolve().then(
  () =>
    new DataSource({
      type: 'postgres',
      url: process.env['DATABASE_URL_OF_GADGETS'] ?? '',
      entities: [Gadget],
    }),
);
