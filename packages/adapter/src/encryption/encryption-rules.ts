/**
 * What is encrypted before it leaves the database. `personal`: what aggregates say is `personal`; of those that others name as their
 * `subject` and that say nothing, all but keys and foreign keys. `all`: all but keys and foreign keys, of every aggregate.
 * Or by category or entity: `personal`, `all`, or properties, those of parts behind the path of their relation. What isn't named then
 * goes out as it is.
 * @example { customer: 'personal', order: ['shipTo', 'lines.engraving'] }
 */
export type EncryptionRules =
  'personal' | 'all' | Readonly<Record<string, 'personal' | 'all' | readonly string[]>>;
