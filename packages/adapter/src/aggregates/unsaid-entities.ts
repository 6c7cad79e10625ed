import type { DataSource } from 'typeorm';
import type { Finding } from '../admin/index.js';
import type { AggregateSelection } from '../mapping/index.js';
import { selectEntities } from '../entities/index.js';

/**
 * Entities that a DataSource has and that the last install has not captured: whether they should be, only the application's own
 * configuration says. By name.
 */
export function unsaidEntities(dataSource: DataSource, stored: AggregateSelection): string[] {
  const known = new Set(
    selectEntities(dataSource, stored).flatMap(({ metadata, parts }) => [
      metadata,
      ...parts.map((part) => part.metadata),
    ]),
  );
  return selectEntities(dataSource, { aggregates: 'all' })
    .filter(({ metadata }) => !known.has(metadata))
    .map(({ metadata }) => metadata.name);
}

/** The same as the doctor says it; nothing where there are none. */
export function findingsOfUnsaid(names: readonly string[]): Finding[] {
  if (names.length === 0) return [];
  return [{ severity: 'hint', ...unsaidInWords(names) }];
}

export function unsaidInWords(names: readonly string[]): { problem: string; remedy: string } {
  const some = names.slice(0, 20).join(', ');
  const more = names.length > 20 ? ` and ${names.length - 20} more` : '';
  return {
    problem: `the DataSource has entities that are not captured, and can't say whether they should be: ${some}${more}`,
    remedy:
      'Name the configuration of the application: --config backstory.config.js, or --app dist/app.module.js.',
  };
}
