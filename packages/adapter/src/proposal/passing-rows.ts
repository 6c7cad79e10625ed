import type { EntityDescription } from './entity-description.js';
import { wordsOf } from './words-of.js';

/** What tables are called whose rows come and go, or are nobody's business. */
const kinds: readonly (readonly [kind: string, words: readonly string[]])[] = [
  ['a queue', ['job', 'jobs', 'queue', 'queues', 'outbox', 'inbox', 'deadletter', 'deadletters']],
  ['sessions', ['session', 'sessions']],
  ['the record of migrations', ['migration', 'migrations', 'typeorm_metadata', 'knex']],
  ['a cache', ['cache', 'caches', 'cached']],
  ['locks', ['lock', 'locks', 'mutex', 'lease', 'leases', 'semaphore']],
];
/** Columns that a queue has: two of them say it whatever it is called. */
const ofQueues = [
  'payload',
  'attempts',
  'retries',
  'runat',
  'availableat',
  'lockedat',
  'lockedby',
  'maxattempts',
];

/** Why an entity's rows look like ones whose history nobody will ask for; undefined for others. */
export function passingRows({ name, table, columns }: EntityDescription): string | undefined {
  const words = new Set([...wordsOf(name), ...wordsOf(table)]);
  for (const [kind, signs] of kinds) {
    const sign = signs.find((word) => words.has(word));
    if (sign !== undefined) return `it looks like ${kind}, by the word "${sign}": its rows come and go`;
  }
  const found = columns.filter((column) => ofQueues.includes(wordsOf(column).join('')));
  if (found.length < 2) return undefined;
  return `it looks like a queue, by its columns ${found.join(' and ')}: its rows come and go`;
}
