import { type AggregateOptions } from '@backstory/adapter';
import { EntitySchema, type EntitySchemaColumnOptions, type EntitySchemaRelationOptions } from 'typeorm';
import type { Model, Table } from './model.js';

/** TypeORM's view of some made-up tables. */
export function entitiesOf(model: Model): EntitySchema[] {
  return model.tables.map(
    (table) =>
      new EntitySchema({
        name: table.entity,
        schema: table.schema,
        tableName: table.name,
        columns: objectOf(propertiesOf(table)),
        relations: objectOf(relationsOf(table)),
      }),
  );
}

/** How Backstory captures them. */
export function aggregatesOf(model: Model): AggregateOptions[] {
  const excluding = (table: Table): AggregateOptions => {
    const exclude = table.columns.filter(({ role }) => role === 'excluded').map(({ property }) => property);
    return { entity: table.entity, exclude };
  };
  return model.tables.map((table) => {
    if (table.reference) return excluding(table);
    const owns = model.tables.filter(({ path, category }) => path !== '' && category === table.category);
    return { ...excluding(table), category: table.category, owns: owns.map(({ path }) => path) };
  });
}

/** A property may be called `__proto__`. */
function objectOf<Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> {
  return Object.fromEntries(entries);
}

function propertiesOf(table: Table): [string, EntitySchemaColumnOptions][] {
  const { reference, key } = table;
  return table.columns
    .filter(
      (column) => column.role !== 'unmapped' && (reference?.explicit || !reference?.columns.includes(column)),
    )
    .map((column) => [
      column.property,
      {
        ...column.typeorm,
        name: column.name,
        ...(key.includes(column) ? { primary: true } : { nullable: column.nullable }),
        ...(!column.writable && { insert: false, update: false }),
        ...(column.filled === 'default' && { default: () => 'default' }),
      } as EntitySchemaColumnOptions,
    ]);
}

function relationsOf({ reference, parts }: Table): [string, EntitySchemaRelationOptions][] {
  const down = parts.map((part): [string, EntitySchemaRelationOptions] => [
    part.reference!.down,
    { type: 'one-to-many', target: part.entity, inverseSide: part.reference!.up },
  ]);
  if (!reference) return down;
  const { parent, columns, up } = reference;
  const joinColumn = columns.map(({ name }, n) => ({ name, referencedColumnName: parent.key[n]!.property }));
  return [
    ...down,
    [
      up,
      {
        type: 'many-to-one',
        target: parent.entity,
        inverseSide: reference.down,
        joinColumn,
        nullable: columns[0]!.nullable,
      },
    ],
  ];
}
