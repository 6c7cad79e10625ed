import type { EntityManager, ObjectLiteral } from 'typeorm';
import { printed } from '../../values/history.js';
import type { Column, Model, Table } from './model.js';
import { Picks } from './picks.js';
import { keysOf } from './row-values.js';
import type { AnyWrite, OrmKind } from './write-sql.js';

/** Types whose values TypeORM writes back as it has loaded them. */
const writable = /^(smallint|int|bigint|numeric|real|float8|varchar|text|citext|bytea|boolean|uuid)$/;

/** Does a write with repositories. What it does depends on the rows, and on nothing else. */
export async function writeByTypeorm(
  manager: EntityManager,
  model: Model,
  { kind, picks: numbers }: AnyWrite,
): Promise<unknown> {
  const picks = new Picks(numbers);
  const table = picks.of(model.tables);
  const { entity, note, count } = table;
  const key = keyOf(table, picks);
  const changes = {
    [note.property]: picks.of(note.values),
    [count.property]: Number(picks.of(count.values)),
  };
  const found = async (): Promise<ObjectLiteral[]> => {
    const entities = await manager.find(entity);
    return entities.sort((a, b) => (printed(a) < printed(b) ? -1 : 1));
  };
  switch (kind as OrmKind) {
    case 'ormInsert':
      return (
        await manager.insert(
          entity,
          own([...Object.entries(key), ...Object.entries(changes), ...Object.entries(above(table, picks))]),
        )
      ).identifiers.length;
    case 'ormSave': {
      const entities = await found();
      const chosen = picks.some(entities, 60);
      for (const each of chosen) Object.assign(each, changes);
      return (await manager.save(entity, chosen)).length;
    }
    case 'ormCopy': {
      const entities = await found();
      const [to, from] = [picks.of(entities), picks.of(entities)];
      if (!to || !from) return 0;
      for (const column of table.columns.filter((each) => isCopied(table, each)))
        to[column.property] = from[column.property];
      return (await manager.save(entity, [to])).length;
    }
    case 'ormUpdate':
      return (
        await manager.update(
          entity,
          picks.chance(60) ? key : { [count.property]: Number(picks.of(count.values)) },
          changes,
        )
      ).affected;
    case 'ormDelete':
      return (
        await manager.delete(
          entity,
          picks.chance(60) ? key : { [count.property]: Number(picks.of(count.values)) },
        )
      ).affected;
    case 'ormRemove': {
      const chosen = picks.some(await found(), 40);
      return (await manager.remove(entity, chosen)).length;
    }
    case 'ormUpsert':
      return (
        await manager.upsert(
          entity,
          own([...Object.entries(key), ...Object.entries(changes)]),
          table.key.map(({ property }) => property),
        )
      ).identifiers.length;
    case 'ormSoft':
      return (
        table.softDelete &&
        (await manager[picks.of(['softDelete', 'restore'] as const)](entity, key)).affected
      );
  }
}

/** A property may be called `__proto__`. */
function own(entries: [string, unknown][]): ObjectLiteral {
  return Object.fromEntries(entries);
}

function keyOf(table: Table, picks: Picks): ObjectLiteral {
  const values = picks.of(keysOf(table, table));
  return own(table.key.map(({ property }, n) => [property, values[n]]));
}

function above({ reference, key }: Table, picks: Picks): ObjectLiteral {
  if (!reference?.explicit || reference.columns.some((column) => key.includes(column))) return {};
  const values = picks.of(reference.parent.keys);
  return own(reference.columns.map(({ property }, n) => [property, values[n]]));
}

function isCopied({ key, reference }: Table, column: Column): boolean {
  return (
    column.writable &&
    column.role !== 'unmapped' &&
    !key.includes(column) &&
    !reference?.columns.includes(column) &&
    writable.test(String(column.typeorm.type)) &&
    !column.typeorm.array
  );
}
