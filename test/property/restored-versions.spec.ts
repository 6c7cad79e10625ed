import {
  type AggregateSelection,
  type Backstory,
  type BackstoryError,
  createBackstory,
  type RestorationReport,
} from '@backstory/adapter';
import type { ObjectLiteral } from 'typeorm';
import { Author, Shelf, Subject, Work } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';
import { type Random, seededRandom, seedOfRun } from '../library/random.js';
import { writeRandomly } from '../library/write-randomly.js';
import { printed } from '../values/history.js';

const seed = seedOfRun();
const snapshots = { every: 4 };
const shapes: [string, AggregateSelection['aggregates']][] = [
  ['a stream for each entity', [Author, Work, Shelf, Subject].map((entity) => ({ entity, snapshots }))],
  [
    'authors own their works',
    [
      { entity: Author, owns: ['works', 'works.subjects'], snapshots },
      { entity: Shelf, snapshots },
      { entity: Subject, snapshots },
    ],
  ],
];

interface Stream {
  readonly category: string;
  readonly id: string;
  readonly last: number;
}

describe.each(shapes)(`versions that are restored, %s, seed ${seed}`, (_shape, aggregates) => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary({ poolSize: 12 });
    backstory = await createBackstory(library.dataSource, { aggregates: aggregates! });
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  it.each(['capture', 'shadow', 'replay'] as const)('are what they were, in stage %s', async (stage) => {
    const random = seededRandom(seed);
    const tally = { restored: 0, deleted: 0, unchanged: 0, refused: 0, failed: 0 };
    await writeRandomly(library.dataSource, random, 100);
    await backstory.backfill();
    for (const { category } of await backstory.status())
      await backstory.stages.set(category, stage, { force: true });
    for (let round = 0; round < 3; round++) {
      await writeRandomly(library.dataSource, random, 60);
      // at the end there is something of each kind, however few of these could be restored
      const isEnough = (): boolean => round < 2 || (tally.restored > 2 && tally.deleted + tally.restored > 5);
      for (let n = 0; n < 14 || (!isEnough() && n < 100); n++) await restoreOne(random, tally);
      if (round === 1) await backstory.archive.move({ before: new Date(Date.now() + 86_400_000), events: 3 });
      const { aggregates: verified, clean } = await backstory.verify();
      expect(verified.flatMap(({ drift }) => drift)).toEqual([]);
      expect(clean).toBe(true);
    }
    expect(tally.restored).toBeGreaterThan(2);
    expect(tally.restored + tally.deleted).toBeGreaterThan(5);
  });

  async function restoreOne(random: Random, tally: Record<string, number>): Promise<void> {
    const streams: Stream[] = await library.dataSource.query(
      `select category, stream_id as id, max(stream_position)::integer as last from backstory.events group by 1, 2 order by 1, 2`,
    );
    const { category, id, last } = random.pick(streams)!;
    const name = category.charAt(0).toUpperCase() + category.slice(1);
    const version = random.integer(1, last);
    const then = await backstory.load(name, id, { version });
    const now = await backstory.load(name, id);
    const [event] = await backstory.history(name, id, { version, last: 1 });
    const asOf = event!.recordedAt;
    const isLastOfItsMoment =
      (await backstory.history(name, id, { asOf })).at(-1)!.streamPosition === version;
    const wanted = isLastOfItsMoment && random.next() < 0.5 ? { asOf } : { version };
    const dry = await backstory
      .restore(name, id, { ...wanted, dryRun: true })
      .catch((error: unknown) => error);
    const report = await backstory
      .restore(name, id, { ...wanted, expectedVersion: last, by: 'ops', reason: `run ${version}` })
      .catch((error: unknown) => error as Error);
    if (report instanceof Error) {
      if (then === null) {
        expect(report).toMatchObject({ code: 'RESTORE_REFUSED' });
        tally['refused']!++;
      } else {
        // a work whose author is gone, or that is another's by now: to the database, or to its stream
        expect(reasonOf(report)).toMatch(/^RESTORE_FAILED 23(503|505)$|^RESTORE_REFUSED .* is a part of /);
        tally['failed']!++;
      }
      expect(printed(await backstory.load(name, id))).toBe(printed(now));
      return;
    }
    // what a part that comes back brings along isn't known before
    const { parts: foreseen } = dry as RestorationReport;
    const parts = report.parts.slice(0, foreseen.length);
    expect({ ...report, parts, dryRun: true, version: last }).toEqual(dry);
    expect(report).toMatchObject({ restoredTo: version, notTold: [], left: [] });
    const row = await rowOf(name, id);
    expect([id, version, withoutBookkeeping(row)]).toEqual([id, version, withoutBookkeeping(then)]);
    expect(printed(sorted(await backstory.load(name, id)))).toBe(printed(sorted(row)));
    const events = await backstory.history(name, id, { after: last });
    if (report.changes.length + report.parts.length === 0) {
      expect(events).toEqual([]);
      tally['unchanged']!++;
      return;
    }
    expect(report.version).toBe(events.at(-1)?.streamPosition);
    for (const { metadata } of events) {
      expect(metadata).toMatchObject({
        origin: 'restore',
        restoredTo: version,
        actor: 'ops',
        reason: `run ${version}`,
      });
    }
    const highest = Math.max(
      0,
      ...(await backstory.history(name, id, { version: last })).map(({ data }) =>
        Number(data['version'] ?? 0),
      ),
    );
    if (name === 'Author' && report.changes.length > 0)
      expect([id, row?.['version']]).toEqual([id, highest + 1]);
    tally[now === null ? 'deleted' : 'restored']!++;
  }

  function reasonOf(report: Error): string {
    const { code, cause, message } = report as BackstoryError & { cause?: { code?: string } };
    return `${code} ${cause?.code ?? message}`;
  }

  async function rowOf(name: string, id: string): Promise<ObjectLiteral | null> {
    const { manager } = library.dataSource;
    const [first = '', second = ''] = id.split(':').map((part) => decodeURIComponent(part));
    const owned = (aggregates as object[]).length === 3;
    if (name === 'Shelf') return manager.findOneBy(Shelf, { room: first, number: Number(second) });
    if (name === 'Subject') return manager.findOneBy(Subject, { code: first });
    if (name === 'Work') return manager.findOneBy(Work, { id: first });
    return manager.findOne(Author, {
      where: { id: Number(first) },
      withDeleted: true,
      ...(owned && { relations: { works: { subjects: true } } }),
    });
  }

  function withoutBookkeeping(entity: ObjectLiteral | null): string {
    const { version, updatedAt, ...others } = sorted(entity) ?? {};
    expect(version === undefined).toBe(updatedAt === undefined);
    return printed(others);
  }

  /** Parts have no order of their own, and to what they refer is no part. */
  function sorted(entity: ObjectLiteral | null): ObjectLiteral | null {
    for (const work of (entity?.['works'] ?? []) as Work[]) {
      work.subjects?.sort((one, other) => (one.code < other.code ? -1 : 1));
      // a subject has a stream of its own, and its label may be another by now
      for (const subject of work.subjects ?? []) subject.label = '';
    }
    (entity?.['works'] as Work[] | undefined)?.sort((one, other) => (one.id < other.id ? -1 : 1));
    return entity;
  }
});
