import type { EventDataOf } from './event-data-of.js';
import type { EventData, RecordedEvent } from './recorded-event.js';

type Equal<Left, Right> =
  (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;

/** Says nothing at run time: the compiler refuses it where the types differ. */
const same = <Left, Right>(_equal: Equal<Left, Right>): void => undefined;

enum Status {
  Placed = 'placed',
  Shipped = 'shipped',
}

class Doctor {
  id: number;
  name: string;
  patients: Visit[];
}

class Point {
  lat: number;
  lon: number;
}

class Address {
  street: string;
  place: Point;
}

interface Settings {
  readonly theme: 'dark' | 'light';
  readonly since: Date;
  readonly widths: number[];
}

class Note {
  id: number;
  text: string;
  marks: Mark[];
}

class Mark {
  id: string;
}

class Visit {
  id: string;
  status: Status;
  minutes: number;
  urgent: boolean;
  reason?: string;
  at: Date;
  leftAt: Date | null;
  serial: bigint;
  scan: Buffer;
  doctor: Doctor;
  substitute: Doctor | null;
  referredBy: Promise<Doctor | null>;
  address: Address;
  settings: Settings;
  labels: Record<string, string>;
  tags: string[];
  notes: Note[];
  anything: unknown;
  whatever: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- as in entities of applications

  isOver(): boolean {
    return this.leftAt !== null;
  }
}

type Data = EventDataOf<Visit>;

describe('the data of an event of an entity', () => {
  it('has the scalars of the entity as JSON carries them, and may lack each of them', () => {
    same<Data['id'], string | undefined>(true);
    same<Data['status'], Status | undefined>(true);
    same<Data['minutes'], number | undefined>(true);
    same<Data['urgent'], boolean | undefined>(true);
    same<Data['reason'], string | null | undefined>(true);
    same<Data['at'], string | undefined>(true);
    same<Data['leftAt'], string | null | undefined>(true);
    same<Data['serial'], string | undefined>(true);
    same<Data['scan'], string | undefined>(true);
    same<Data['anything'], unknown>(true);
    same<Data['whatever'], unknown>(true);
  });

  it('has keys of relations and properties of embedded entities under their paths', () => {
    same<Data['doctor.id'], number | undefined>(true);
    same<Data['substitute.id'], number | null | undefined>(true);
    same<Data['referredBy.id'], number | null | undefined>(true);
    same<Data['address.street'], string | undefined>(true);
    same<Data['address.place.lat'], number | undefined>(true);
  });

  it('leaves open how documents and lists are stored', () => {
    same<Exclude<Data['settings'], string | undefined>['theme'], 'dark' | 'light'>(true);
    same<Exclude<Data['settings'], string | undefined>['since'], string>(true);
    same<Data['tags'], string | string[] | undefined>(true);
    same<Data['labels'], string | { readonly [x: string]: string } | undefined>(true);
    const data: Data = { notes: { '7': { text: 'a' }, '8': null }, 'notes.marks': { x: { id: 'x' } } };
    expect(data.notes).toHaveProperty('7.text', 'a');
  });

  it('takes what is known better', () => {
    type Exact = EventDataOf<Visit, { settings: Settings; minutes: string; 'extra.key': boolean }>;
    same<Exact['settings'], Settings | undefined>(true);
    same<Exact['minutes'], string | undefined>(true);
    same<Exact['extra.key'], boolean | undefined>(true);
    same<Exact['doctor.id'], number | undefined>(true);
  });

  it('has no methods and no other names', () => {
    const data: Data = {};
    // @ts-expect-error a method
    void data.isOver;
    // @ts-expect-error no property
    void data['docter.id'];
    // @ts-expect-error none of the relation
    void data['doctor.nmae'];
    // @ts-expect-error a Date is a string
    void data.at?.getTime();
    void data['doctor.home.place.lat'];
    expect(data.$event?.['trackingNumber']).toBeUndefined();
  });

  it('is that of a recorded event, which is one of any event', () => {
    const typed = { data: { minutes: 5 } } as RecordedEvent<Data>;
    const any: RecordedEvent = typed;
    const whole: EventData = typed.data;
    expect([any.data['minutes'], whole['minutes']]).toEqual([5, 5]);
  });

  it('is known of an entity that a function is generic in', () => {
    const first = <Entity>(events: readonly RecordedEvent<EventDataOf<Entity>>[]) => events[0]?.data;
    expect(first<Visit>([])?.['doctor.id']).toBeUndefined();
  });
});
