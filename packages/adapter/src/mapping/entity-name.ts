import { InvalidOptionsError } from '../errors.js';
import type { EntityTarget } from './aggregate-options.js';

/**
 * The name by which TypeORM knows an entity.
 * @throws InvalidOptionsError for what names none, as a call without types may
 */
export function entityName(target: EntityTarget): string {
  if (typeof target === 'string') return target;
  if (typeof target === 'function') return target.name;
  const schema = target as { options?: { name?: string } } | undefined;
  if (schema?.options?.name !== undefined) return schema.options.name;
  throw new InvalidOptionsError(
    'An entity is named by its class, its EntitySchema or its name.',
    'Pass one of these.',
  );
}
