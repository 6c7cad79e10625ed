import type { Kind } from './answers.js';

const words: Record<Kind, { name: string; meaning: string }> = {
  first: {
    name: 'first event',
    meaning: 'Written by the backfill for a row that was there before capture began',
  },
  business: { name: 'business event', meaning: 'By a command, or appended by the application' },
  captured: { name: 'captured', meaning: 'A write to the table, recorded by its trigger' },
  correction: {
    name: 'correction',
    meaning: 'By repair, erasure, the archive, or a purge without an event for each row',
  },
};

/** What kind of event it is, in words and in a colour; `origin` is a more exact word for a correction. */
export function KindTag({ kind, origin }: { kind: Kind; origin?: string | undefined }) {
  const { name, meaning } = words[kind];
  return (
    <span class={`tag kind-${kind}`} title={meaning}>
      {kind === 'correction' && origin ? origin : name}
    </span>
  );
}
