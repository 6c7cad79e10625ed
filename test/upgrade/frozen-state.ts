import type { DataSource, EntityMetadata, ObjectLiteral } from 'typeorm';

/** An entity as JSON that can be kept in a file: with its classes, and the same in every time zone. */
export function frozenState(dataSource: DataSource, name: string, entity: ObjectLiteral | null): unknown {
  return entity && frozen(dataSource.getMetadata(name), entity);
}

function frozen(metadata: EntityMetadata, entity: ObjectLiteral): unknown {
  const local = new Set(
    metadata.columns.filter(({ type }) => type === 'timestamp').map((c) => c.propertyName),
  );
  const relations = new Map(
    metadata.relations.map((each) => [each.propertyName, each.inverseEntityMetadata]),
  );
  const value = (name: string, given: unknown): unknown => {
    const related = relations.get(name);
    if (related && Array.isArray(given)) return given.map((each: ObjectLiteral) => frozen(related, each));
    return frozenValue(given, local.has(name));
  };
  return {
    $class: entity.constructor.name,
    $state: Object.entries(entity).map(([name, given]) => [name, value(name, given)]),
  };
}

function frozenValue(value: unknown, local: boolean): unknown {
  if (value instanceof Date) {
    if (!local) return { $instant: value.toISOString() };
    // a timestamp without time zone is made a Date by the clock on the wall
    return { $local: new Date(value.getTime() - value.getTimezoneOffset() * 60_000).toISOString() };
  }
  if (Buffer.isBuffer(value)) return { $bytes: value.toString('hex') };
  if (value === undefined) return { $undefined: true };
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
    return { $number: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (Array.isArray(value)) return value.map((each) => frozenValue(each, local));
  if (typeof value !== 'object' || value === null) return value;
  return {
    $class: value.constructor?.name ?? null,
    $state: Object.entries(value).map(([name, each]) => [name, frozenValue(each, local)]),
  };
}
