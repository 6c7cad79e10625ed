import { type Backstory, InvalidOptionsError, type Stage } from '@backstory/adapter';
import type { DashboardWork } from './dashboard-work.js';
import { given } from './given.js';
import { type Fields, readWish, type Wish } from './read-wish.js';
import { restorePreview } from './restore-preview.js';

/** In which history a change is made, and by whom. */
interface Surroundings {
  readonly backstory: Backstory;
  readonly work: DashboardWork;
  readonly by: string;
}

type Change = (body: unknown, surroundings: Surroundings) => unknown;

/** Each by its name in the address, with what its body may say. Nothing here goes past the conditions of a stage. */
export const dashboardChanges: ReadonlyMap<string, Change> = new Map(
  Object.entries({
    stage: change(
      { aggregate: 'text', to: 'text', reason: 'text', percent: 'number?' },
      ({ aggregate, to, reason, percent }, { backstory, by }) =>
        backstory.stages.set(aggregate, to as Stage, { by, reason, ...given({ percent }) }),
    ),

    /** Several at once: those that can move do, and the others say what stands against it. */
    stages: change(
      { aggregates: 'texts', to: 'text', reason: 'text', percent: 'number?' },
      ({ aggregates, to, reason, percent }, { backstory, by }) =>
        backstory.stages.setAll(to as Stage, { aggregates, by, reason, ...given({ percent }) }),
    ),

    /** Several verifies or backfills, one after the other. */
    work: change(
      { kind: 'text', aggregates: 'texts' },
      async ({ kind, aggregates }, { backstory, work, by }) => {
        if (kind !== 'verify' && kind !== 'backfill')
          throw new InvalidOptionsError(`"kind" is "${kind}".`, 'Give it as "verify" or "backfill".');
        const steps = await backstory.stages.nextSteps([...aggregates]);
        const categories = [...new Set(steps.map(({ category }) => category))];
        work.inTurn(kind, categories, by);
        return { aggregates: categories.length };
      },
    ),

    verify: change({ aggregate: 'text' }, async ({ aggregate }, { backstory, work, by }) =>
      work.verify(await categoryOf(backstory, aggregate), by),
    ),

    backfill: change({ aggregate: 'text' }, async ({ aggregate }, { backstory, work, by }) =>
      work.backfill(await categoryOf(backstory, aggregate), by),
    ),

    /** What a repair would write, and with a reason, repairs. */
    repair: change(
      { aggregate: 'text', dryRun: 'boolean?', reason: 'text?' },
      async ({ aggregate, dryRun, reason }, { backstory, work, by }) => {
        const category = await categoryOf(backstory, aggregate);
        if (dryRun === true) return work.previewRepair(category);
        return work.repair(category, by, required(reason, 'reason'));
      },
    ),

    /** What a restore of a version would write, and with a reason, restores it: as it was shown, or not at all. */
    restore: change(
      {
        aggregate: 'text',
        id: 'text',
        version: 'number',
        expectedVersion: 'number?',
        dryRun: 'boolean?',
        reason: 'text?',
      },
      async ({ aggregate, id, version, ...wish }, { backstory, by }) => {
        if (wish.dryRun !== true) required(wish.reason, 'reason');
        return restorePreview(await backstory.restore(aggregate, id, { version, ...given(wish), by }));
      },
    ),

    /** What would be erased of a stream, or of some of its properties, and with a reason, erases it. */
    erase: change(
      { aggregate: 'text', id: 'text', properties: 'texts?', dryRun: 'boolean?', reason: 'text?' },
      ({ aggregate, id, ...wish }, { backstory, by }) => {
        if (wish.dryRun !== true) required(wish.reason, 'reason');
        return backstory.erase(aggregate, id, { ...given(wish), by });
      },
    ),

    retry: change(
      { consumer: 'text', category: 'text?', streamId: 'text?' },
      async ({ consumer, ...selection }, { backstory, by }) => {
        if (selection.streamId !== undefined) required(selection.category, 'category');
        const events = await backstory.consumers.retryParked(consumer, given(selection), { by });
        return { events: events.length };
      },
    ),

    discard: change(
      { consumer: 'text', category: 'text', streamId: 'text', reason: 'text' },
      async ({ consumer, reason, ...selection }, { backstory, by }) => {
        const events = await backstory.consumers.discardParked(consumer, selection, { reason, by });
        return { events: events.length };
      },
    ),
  }),
);

function change<const Of extends Fields>(
  fields: Of,
  make: (wish: Wish<Of>, surroundings: Surroundings) => unknown,
): Change {
  return (body, surroundings) => make(readWish(body, fields), surroundings);
}

/** @throws UnknownAggregateError */
async function categoryOf(backstory: Backstory, aggregate: string): Promise<string> {
  const [step] = await backstory.stages.nextSteps([aggregate]);
  return (step as NonNullable<typeof step>).category;
}

function required(value: string | undefined, name: string): string {
  if (value !== undefined) return value;
  throw new InvalidOptionsError(`"${name}" is missing.`, 'Give it as text of up to 2000 characters.');
}
