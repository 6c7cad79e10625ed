import {
  isNamedSubject,
  isOwnSubject,
  isPersonal,
  isTie,
  mappingOf,
  named,
  saidPersonal,
} from '../erasure/index.js';
import { InvalidOptionsError } from '../errors.js';
import { type Change, propertyOf, type ValuePath } from '../event/index.js';
import type { EntityMapping, MappingRegistry } from '../mapping/index.js';
import type { EncryptionRules } from './encryption-rules.js';

/** Says of a value in an event of today whether it is encrypted. */
export type ChosenValue = (path: ValuePath, change: Change) => boolean;

/**
 * What the rules choose of each aggregate, by its name of today; aggregates of which they choose nothing are left out. Where something
 * is chosen, so is what events have and the entity has not, such as a column that was dropped, and all that the application has appended:
 * nobody says of it that it may be read.
 * @throws UnknownAggregateError, InvalidOptionsError for an aggregate or property that isn't there, and for a key
 */
export function chosenValues(
  rules: EncryptionRules,
  mappings: MappingRegistry,
): ReadonlyMap<string, ChosenValue> {
  const all = mappings.all();
  const chosen =
    typeof rules === 'string'
      ? all.map((root) => ({ root, choice: choiceOf(rules, root, all, false) }))
      : Object.entries(rules).map(([name, rule]) => {
          const root = mappings.get(name);
          return { root, choice: choiceOf(rule, root, all, true) };
        });
  return new Map(
    chosen.flatMap(({ root, choice }): [string, ChosenValue][] => {
      const known = pathsOf(root);
      if (!known.some((path) => choice(path, 'updated'))) return [];
      const names = new Set(known.map(propertyOf));
      const isChosen: ChosenValue = (path, change) =>
        change === 'none' || choice(path, change) || !names.has(propertyOf(path));
      return [[root.knownAs, isChosen]];
    }),
  );
}

function choiceOf(
  rule: 'personal' | 'all' | readonly string[],
  root: EntityMapping,
  mappings: readonly EntityMapping[],
  asked: boolean,
): ChosenValue {
  if (rule === 'all')
    return (path) => !isTie(root, path) && !(mappingOf(root, path)?.links ?? []).includes(path[2] ?? path[0]);
  if (rule !== 'personal') return propertiesOf(root, rule);
  const isWhole = asked || isNamedSubject(root, mappings);
  const ownDefault = isOwnSubject(root, mappings) && (root.personal !== undefined || isWhole);
  return (path) => {
    const mapping = mappingOf(root, path);
    if (isTie(root, path) || !mapping) return false;
    if (saidPersonal(mapping, root) === undefined && !ownDefault) return false;
    return isPersonal(mapping, root, path);
  };
}

/** Every property that an aggregate has, with no part in particular. */
function pathsOf(root: EntityMapping): ValuePath[] {
  return [root, ...root.parts].flatMap(({ columns, missing, part }) =>
    [...columns, ...missing].map(({ property }): ValuePath =>
      part ? [part.path, '', property] : [property],
    ),
  );
}

function propertiesOf(root: EntityMapping, rule: readonly string[]): ChosenValue {
  const known = pathsOf(root);
  const unknown = rule.find((name) => !known.some((path) => propertyOf(path) === name));
  if (unknown !== undefined) {
    throw new InvalidOptionsError(
      `"${root.knownAs}" has no property "${unknown}", which a relay is to encrypt.`,
      `Use property paths: ${known.map(propertyOf).sort().join(', ')}.`,
    );
  }
  const isChosen = named(rule);
  const tie = known.find((path) => isChosen(path, 'updated') && isTie(root, path));
  if (!tie) return isChosen;
  throw new InvalidOptionsError(
    `"${propertyOf(tie)}" of "${root.knownAs}" is a key and can't be encrypted: it tells rows apart, and may be in the name of the stream.`,
    'Leave it out. If an id is personal, give the entity another key.',
  );
}
