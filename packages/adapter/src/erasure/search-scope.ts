import type { EntityMapping } from '../mapping/index.js';
import { isSameSubject, type NamedAggregate } from './subject-names.js';

/** What a history has events of, and nobody can look through here. */
export interface UnsearchedCategory {
  readonly category: string;
  readonly knownAs: string;
  readonly entity: string;
  readonly reason: string;
  /** The subjects that it names; undefined where nobody knows. */
  readonly subjects?: readonly string[];
  /** Whether it says how long something is kept. */
  readonly retains?: boolean;
  readonly topic?: true;
}

/** Where data of persons are looked for. */
export interface SearchScope {
  /** The aggregates of this application. */
  readonly own: readonly EntityMapping[];
  /** Those of other releases and services, by what they have said. */
  readonly others: readonly EntityMapping[];
  /** What has events beside these. */
  readonly unsearched: readonly UnsearchedCategory[];
}

/** What a search for a subject can't look through: what names it, or is it, or may do so for all that is known. */
export function unsearchedFor(scope: SearchScope, category: string): UnsearchedCategory[] {
  const all = named(scope);
  return scope.unsearched.filter(
    (each) =>
      !each.subjects ||
      isSameSubject(all, each.category, category) ||
      each.subjects.some((name) => isSameSubject(all, name, category)),
  );
}

/** All that has a name by which a subject may be called. */
export function named({ own, others, unsearched }: SearchScope): NamedAggregate[] {
  return [...own, ...others, ...unsearched];
}

/** All that can be looked through. */
export function searched({ own, others }: SearchScope): EntityMapping[] {
  return [...own, ...others];
}
