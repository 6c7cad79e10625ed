import { closest, distance } from 'fastest-levenshtein';
import { InvalidOptionsError } from '../errors.js';
import type { AggregateOptions } from '../mapping/index.js';
import type { BackstoryOptions } from './options.js';

/** Every name that an object of options may have, and no other: the compiler holds the list against the type. */
type Names<Options> = Readonly<Record<keyof Options, true>>;

const ofHistory: Names<BackstoryOptions> = {
  aggregates: true,
  exclude: true,
  schema: true,
  install: true,
  missingTables: true,
  topics: true,
  shadow: true,
  stagePollMs: true,
  consumers: true,
  replay: true,
  commands: true,
  seals: true,
  encryption: true,
  logger: true,
};

const ofAggregate: Names<AggregateOptions> = {
  entity: true,
  category: true,
  storedAs: true,
  movedFrom: true,
  owns: true,
  exclude: true,
  include: true,
  renamed: true,
  defaults: true,
  renamedTypes: true,
  schemaVersion: true,
  upcasters: true,
  evolve: true,
  snapshots: true,
  events: true,
  types: true,
  subject: true,
  personal: true,
  retain: true,
  whenCaptureFails: true,
  storedRules: true,
  upcastByCode: true,
  stage: true,
};

/** Those of options that are objects themselves. */
const within: { readonly [Name in keyof BackstoryOptions]?: Names<object> } = {
  shadow: { sample: true, requiredReads: true } satisfies Names<NonNullable<BackstoryOptions['shadow']>>,
  consumers: { leaseMs: true, pollMs: true } satisfies Names<NonNullable<BackstoryOptions['consumers']>>,
  replay: { cache: true } satisfies Names<NonNullable<BackstoryOptions['replay']>>,
  commands: { keepIds: true } satisfies Names<NonNullable<BackstoryOptions['commands']>>,
  seals: { digest: true, everyMs: true, blockSize: true } satisfies Names<
    NonNullable<BackstoryOptions['seals']>
  >,
  encryption: { keys: true, encrypt: true } satisfies Names<NonNullable<BackstoryOptions['encryption']>>,
};

/**
 * An option that nobody knows is one that is not obeyed: `exlude: ['passwordHash']` would put the hash into events for ever.
 * @param others - names that whoever reads the same object knows besides
 * @throws InvalidOptionsError with the nearest one that is known
 */
export function refuseUnknownOptions(options: BackstoryOptions, others: readonly string[] = []): void {
  refuse('', options, [...Object.keys(ofHistory), ...others]);
  for (const [name, known] of Object.entries(within))
    refuse(`${name}.`, options[name as keyof BackstoryOptions], Object.keys(known));
  const { aggregates } = options;
  if (!Array.isArray(aggregates)) return;
  for (const [place, aggregate] of (aggregates as readonly unknown[]).entries()) {
    // an EntitySchema has options of its own
    if (typeof aggregate === 'object' && aggregate !== null && 'entity' in aggregate)
      refuse(`aggregates[${place}].`, aggregate, Object.keys(ofAggregate));
  }
}

function refuse(where: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null) return;
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const nearest = closest(unknown, known);
  throw new InvalidOptionsError(
    `${where}${unknown} is no option.`,
    distance(unknown, nearest) <= Math.max(2, nearest.length / 3)
      ? `Did you mean ${where}${nearest}?`
      : `There are: ${known.join(', ')}.`,
  );
}
