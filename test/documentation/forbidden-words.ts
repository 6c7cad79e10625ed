interface ForbiddenWord {
  /** An example. */
  readonly said: string;
  readonly pattern: RegExp;
  readonly say: string;
}

/** Words that others use for what the glossary names, or that NestJS, TypeORM and Debezium have for something else. */
export const forbiddenWords: readonly ForbiddenWord[] = [
  {
    said: 'initial snapshot',
    pattern: /\b(initial|first|backfilled|backfill) snapshots?\b/gi,
    say: 'first event',
  },
  { said: 'initial event', pattern: /\binitial events?\b/gi, say: 'first event' },
  {
    said: 'stage migration',
    pattern:
      /\bstage migrations?\b|\bmigrat\w* (to|into|back to) (stage )?`?(capture|shadow|replay|events)\b/gi,
    say: 'stage',
  },
  { said: 'cut-over', pattern: /\bcut-?over\b/gi, say: 'stage replay' },
  {
    said: 'event repository',
    pattern: /\b(event|stream|aggregate) repositor(y|ies)\b/gi,
    say: 'event store',
  },
  {
    said: 'event subscriber',
    pattern: /\bevent subscribers?\b|\bsubscribers? (of|to) (events|streams|the log)\b/gi,
    say: 'consumer',
  },
  { said: 'dead letter', pattern: /\bdead[- ]letter(s|ed)?\b(?! (queue|exchange))/gi, say: 'parked event' },
  { said: 'high-water mark', pattern: /\bhigh[- ]water[- ]marks?\b/gi, say: 'checkpoint' },
  { said: 'rehydrated', pattern: /\bre-?hydrat\w+\b/gi, say: 'replay' },
  { said: 'event notification', pattern: /\bevent notifications?\b/gi, say: 'event' },
  { said: 'tombstone', pattern: /\btombstones?\b(?!\.)/gi, say: 'OrderDeleted, or erased' },
  { said: 'anonymised', pattern: /\b(crypto-?shred\w*|anonymi[sz]\w+|pseudonymi[sz]\w+)\b/gi, say: 'erase' },
  { said: 'discrepancy', pattern: /\bdiscrepanc(y|ies)\b|\binconsistenc(y|ies)\b/gi, say: 'drift' },
  { said: 'projector', pattern: /\bread[- ]models? projectors?\b|\bprojectors?\b/gi, say: 'projection' },
];
