import type { DataSource, EntityMetadata } from 'typeorm';
import { InvalidOptionsError } from '../errors.js';
import { type EventCondition, type EventRule, eventTypeName } from '../event/index.js';
import type { ColumnMapping, ResolvedCondition, ResolvedRule } from '../mapping/index.js';
import { columnName } from './column-name.js';

const withoutEquality = new Set(['pg_catalog.json', 'pg_catalog.xml', 'pg_catalog.point']);

/** Properties that TypeORM itself writes with every update: version and update date. */
export function bookkeepingOf(metadata: EntityMetadata): string[] {
  return [metadata.versionColumn, metadata.updateDateColumn].flatMap((column) => column?.propertyPath ?? []);
}

/**
 * Turns the values of rules, which are the entity's, into PostgreSQL's text: through transformers, as TypeORM writes them.
 * @throws InvalidOptionsError for a property that isn't captured, or a condition that can't hold
 */
export function resolveRules(
  dataSource: DataSource,
  metadata: EntityMetadata,
  columns: readonly ColumnMapping[],
  rules: readonly EventRule<unknown>[],
): ResolvedRule[] {
  const known = new Map(columns.map((column) => [column.property, column]));
  const columnOf = (property: string, type: string): ColumnMapping => {
    const column = known.get(property);
    if (column) return column;
    throw new InvalidOptionsError(
      `The rule for "${type}" of "${metadata.name}" names "${property}", which no event of it has.`,
      `Use a captured property: ${[...known.keys()].join(', ')}.`,
    );
  };
  const textOf = (property: string, value: unknown, type: string): string | null => {
    const { column, sqlType } = columnOf(property, type);
    if (withoutEquality.has(sqlType)) {
      throw new InvalidOptionsError(
        `The rule for "${type}" of "${metadata.name}" compares "${property}", whose type ${sqlType} has no equality.`,
        'Ask for "changed" instead.',
      );
    }
    const columnMetadata = metadata.columns.find((each) => columnName(each) === column);
    const stored = columnMetadata
      ? (dataSource.driver.preparePersistentValue(value, columnMetadata) as unknown)
      : value;
    return asText(stored);
  };
  const resolve = (condition: EventCondition<unknown>, type: string): ResolvedCondition => {
    const values = (given: object | undefined): [string, string | null][] | undefined =>
      given && Object.entries(given).map(([property, value]) => [property, textOf(property, value, type)]);
    const properties = (given: readonly string[] | undefined): readonly string[] | undefined =>
      given?.map((property) => columnOf(property, type).property);
    return withoutUndefined({
      became: values(condition.became),
      was: values(condition.was),
      changed: properties(condition.changed),
      changedOnly: properties(condition.changedOnly),
      anyOf: condition.anyOf?.map((each) => resolve(each, type)),
      allOf: condition.allOf?.map((each) => resolve(each, type)),
    });
  };
  return rules.map((rule) => {
    const type = eventTypeName(rule.type);
    if (!/^\S(.*\S)?$/.test(type)) {
      throw new InvalidOptionsError(
        `A rule of "${metadata.name}" has no event type.`,
        'Give it a name or a class.',
      );
    }
    const resolved = { type, on: rule.on ?? 'updated', when: resolve(rule.when ?? {}, type) };
    refuseImpossible(metadata.name, resolved, resolved.when);
    return resolved;
  });
}

/** A created row has no before, and only an update has changed properties. */
function refuseImpossible(
  entity: string,
  rule: ResolvedRule,
  { anyOf = [], allOf = [], ...when }: ResolvedCondition,
): void {
  const impossible = {
    created: ['was', 'changed', 'changedOnly'],
    updated: [],
    deleted: ['changed', 'changedOnly'],
  };
  const found = Object.keys(when).find((key) => (impossible[rule.on] as string[]).includes(key));
  if (found) {
    throw new InvalidOptionsError(
      `The rule for "${rule.type}" of "${entity}" asks for "${found}" on "${rule.on}", which can't hold.`,
      'Leave that out, or give the rule another "on".',
    );
  }
  for (const condition of [...anyOf, ...allOf]) refuseImpossible(entity, rule, condition);
}

function asText(stored: unknown): string | null {
  if (stored === null || stored === undefined) return null;
  if (stored instanceof Date) return stored.toISOString();
  if (Buffer.isBuffer(stored)) return `\\x${stored.toString('hex')}`;
  return typeof stored === 'string'
    ? stored
    : JSON.stringify(stored, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

function withoutUndefined(condition: {
  [Key in keyof ResolvedCondition]: ResolvedCondition[Key] | undefined;
}): ResolvedCondition {
  return Object.fromEntries(Object.entries(condition).filter(([, value]) => value !== undefined));
}
