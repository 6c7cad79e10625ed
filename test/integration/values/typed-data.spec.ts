import { aggregate, type EventDataOf, onEvent, type RecordedEvent } from '@backstory/adapter';
import { runOnce } from '@backstory/adapter/testing';
import { type History, openHistory } from '../../values/history.js';
import { Doctor, Floor, Mark, Note, Room, Tag, Urgency, Visit, visitEntities } from './visit.entity.js';

type Data = EventDataOf<Visit>;

const whole = {
  minutes: 15,
  share: 0.5,
  urgent: true,
  reason: null,
  urgency: Urgency.High,
  floor: Floor.First,
  serial: '9223372036854775807',
  counter: 9007199254740993n,
  price: '12.50',
  at: new Date('2026-03-01T09:30:00.123Z'),
  local: new Date('2026-03-01T09:30:00.123Z'),
  day: '2026-03-01',
  opensAt: '08:00:00',
  scan: Buffer.from('00ff', 'hex'),
  settings: { theme: 'dark', since: new Date('2020-01-01T00:00:00.000Z'), sizes: [1, 2] },
  former: { theme: 'light', since: new Date('2020-01-01T00:00:00.000Z'), sizes: [] },
  plain: { theme: 'none', since: new Date('2020-01-01T00:00:00.000Z'), sizes: [] },
  names: ['a', 'b'],
  numbers: [1, 2],
  points: [3, 4],
  address: { street: 'High Street', place: { lat: 51.75 } },
};

describe('the data of events, where it is typed by its entity', () => {
  let history: History;

  beforeEach(async () => {
    history = await openHistory(
      { entities: visitEntities, uuidExtension: 'pgcrypto' },
      { aggregates: ['all', aggregate(Visit, { owns: ['notes', 'notes.marks'] })] },
    );
  });

  afterEach(() => history.close());

  async function save(): Promise<Visit> {
    const { manager } = history.dataSource;
    const doctor = await manager.save(Doctor, { name: 'Ada' });
    const room = await manager.save(Room, { house: 'north', number: '12' });
    await manager.save(Tag, { id: 'new' });
    const visit = manager.create(Visit, { ...whole, doctor, substitute: null, room } as never);
    visit.referredBy = Promise.resolve(doctor);
    visit.notes = [
      manager.create(Note, { text: 'hello', author: doctor, marks: [manager.create(Mark, { weight: 3 })] }),
    ];
    return manager.save(visit);
  }

  it('has the forms that the types say, for every kind of column', async () => {
    const { id } = await save();
    const events = await history.backstory.history(Visit, id);
    const data = Object.assign({}, ...events.map((event) => event.data)) as Data;
    const claimed: Required<Pick<Data, keyof typeof forms>> = data as never;
    const forms = {
      id: expect.any(String) as string,
      minutes: 15,
      share: 0.5,
      urgent: true,
      reason: null,
      urgency: Urgency.High,
      floor: Floor.First,
      serial: '9223372036854775807',
      counter: '9007199254740993',
      price: '12.50',
      at: '2026-03-01T09:30:00.123+00:00',
      local: expect.stringMatching(/^2026-03-01T\d\d:30:00.123$/) as string,
      day: '2026-03-01',
      opensAt: '08:00:00',
      scan: '\\x00ff',
      settings: { theme: 'dark', since: '2020-01-01T00:00:00.000Z', sizes: [1, 2] },
      former: JSON.stringify(whole.former),
      plain: JSON.stringify(whole.plain),
      names: 'a,b',
      numbers: '{1,2}',
      points: [3, 4],
      'address.street': 'High Street',
      'address.place.lat': 51.75,
      'doctor.id': 1,
      'substitute.id': null,
      'referredBy.id': 1,
      'room.house': 'north',
      'room.number': '12',
      notes: { 1: { id: 1, text: 'hello', 'visit.id': id, 'author.id': 1 } },
      'notes.marks': { 1: { id: 1, weight: 3, 'note.id': 1 } },
      version: 1,
      createdAt: expect.stringMatching(/^\d{4}-.*\+00:00$/) as string,
      updatedAt: expect.stringMatching(/^\d{4}-.*\+00:00$/) as string,
      deletedAt: null,
    } satisfies Data;
    expect(claimed).toEqual(forms);
    expect(Object.keys(data).sort()).toEqual(Object.keys(forms).sort());
  });

  it('comes so to handlers, batches and readers of an entity', async () => {
    const { consumers } = history.backstory;
    const minutes: (number | undefined)[] = [];
    const doctors: (number | null | undefined)[] = [];
    consumers.define({
      name: 'by-entity',
      handlers: [
        onEvent({ entity: Visit }, ({ data }) => minutes.push(data.minutes)),
        onEvent('VisitUpdated', ({ data }: RecordedEvent<Data>) => doctors.push(data['substitute.id'])),
        // @ts-expect-error a Date is a string
        onEvent({ entity: Visit }, ({ data }) => data.at?.getTime()),
      ].slice(0, 2),
    });
    const { id } = await save();
    await history.dataSource.manager.update(Visit, id, { minutes: 20, substitute: { id: 1 } });
    const handled = await runOnce(history.backstory, 'by-entity');
    expect(new Set(handled.map(({ category }) => category))).toEqual(new Set(['visit']));
    expect(minutes.filter((each) => each !== undefined)).toEqual([15, 20]);
    expect(doctors).toEqual([1]);
  });

  it('is of an entity that is captured, and of no part of one', async () => {
    const { consumers } = history.backstory;
    const of = (entity: typeof Note | string) => () =>
      consumers.define({ name: 'of', handlers: [onEvent({ entity }, () => undefined)] });
    expect(of(Note)).toThrow(expect.objectContaining({ code: 'UNKNOWN_CATEGORY' }));
    expect(of('Nothing')).toThrow(expect.objectContaining({ code: 'UNKNOWN_CATEGORY' }));
    await expect(history.backstory.history(Note, '1')).rejects.toMatchObject({ code: 'UNKNOWN_CATEGORY' });
  });
});
