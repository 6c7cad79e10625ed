import { createBackstory, type Backstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import {
  ChildEntity,
  Column,
  CreateDateColumn,
  DataSource,
  Entity,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  TableInheritance,
} from 'typeorm';

class Placed {
  constructor(readonly data: Record<string, unknown>) {}
}

@Entity()
class Serial {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text', default: 'new' })
  status: string;

  @Column({ type: 'text', nullable: true })
  note: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt: Date;
}

@Entity()
class Uuid {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @Column({ type: 'text', default: 'new' })
  status: string;
}

@Entity()
class Identity {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id: number;

  @Column({ type: 'text', default: 'new' })
  status: string;
}

@Entity()
class Natural {
  @PrimaryColumn({ type: 'text' })
  room: string;

  @PrimaryColumn({ type: 'timestamptz' })
  at: Date;

  @Column({ type: 'text', default: 'free' })
  status: string;
}

@Entity()
@TableInheritance({ column: { type: 'varchar', name: 'kind' } })
class Work {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  title: string;
}

@ChildEntity()
class Novel extends Work {
  @Column({ type: 'int', nullable: true })
  pages: number | null;
}

const evolve = {
  Placed: (entity: object, { data }: Placed) => void Object.assign(entity, data),
  Changed: (entity: object, data: object) => void Object.assign(entity, data),
};

const placed = (data: Record<string, unknown> = {}): Placed => new Placed(data);

describe('a command that creates', () => {
  let dataSource: DataSource;
  let backstory: Backstory;
  let end: () => Promise<void>;

  beforeAll(async () => {
    const database = await createTestDatabase();
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Serial, Uuid, Identity, Natural, Work, Novel],
      synchronize: true,
    }).initialize();
    const aggregates = [Serial, Uuid, Identity, Natural, Work].map((entity) => ({ entity, evolve }));
    backstory = await createBackstory(dataSource, { aggregates });
    end = async () => {
      await backstory.close();
      await dataSource.destroy();
      await database.drop();
    };
  });

  afterAll(async () => {
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await end();
  });

  it('gets its key and defaults from the database', async () => {
    const serial = await backstory.create(Serial, () => placed({ note: 'x' }));
    expect(serial).toBeInstanceOf(Serial);
    expect(serial).toEqual(await dataSource.manager.findOneByOrFail(Serial, { id: serial.id }));
    expect(serial).toMatchObject({ status: 'new', note: 'x', createdAt: expect.any(Date) as Date });
    expect(await backstory.history('serial', String(serial.id))).toMatchObject([
      {
        change: 'created',
        type: 'Placed',
        data: { id: serial.id, status: 'new', note: 'x', $event: { data: { note: 'x' } } },
        metadata: { origin: 'command' },
      },
    ]);
    const uuid = await backstory.create(Uuid, () => placed());
    expect(await backstory.history('uuid', uuid.id)).toMatchObject([
      { change: 'created', data: { id: uuid.id } },
    ]);
    const identity = await backstory.create(Identity, () => placed());
    expect(await backstory.history('identity', String(identity.id))).toHaveLength(1);
  });

  it('or from the application, also of several columns, and goes on after a deletion', async () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    const book = (): Promise<Natural> => backstory.create(Natural, () => placed({ room: 'a:b', at }));
    expect(await book()).toMatchObject({ room: 'a:b', at, status: 'free' });
    const id = 'a%3Ab:2026-01-02T03%3A04%3A05.678+00%3A00';
    expect(await backstory.history('natural', id)).toHaveLength(1);
    await expect(book()).rejects.toMatchObject({ kind: 'unique', properties: ['room', 'at'] });
    await dataSource.manager.delete(Natural, { room: 'a:b' });
    await book();
    expect((await backstory.history('natural', id)).map(({ change }) => change)).toEqual([
      'created',
      'deleted',
      'created',
    ]);
    expect(
      await backstory.handle(Natural, id, () => ({ type: 'Changed', data: { status: 'taken' } })),
    ).toMatchObject({ status: 'taken' });
  });

  it('with several events gives each its state', async () => {
    const { id } = await backstory.create(Serial, () => [
      placed({ status: 'placed' }),
      { type: 'Changed', data: { status: 'paid', note: 'n' } },
      { type: 'Changed', data: { status: 'shipped' } },
    ]);
    const states = await Promise.all(
      [1, 2, 3].map((version) => backstory.load(Serial, String(id), { version })),
    );
    expect(states).toMatchObject([
      { id, status: 'placed', note: null },
      { id, status: 'paid', note: 'n' },
      { id, status: 'shipped', note: 'n' },
    ]);
  });

  it('of a child in single-table inheritance', async () => {
    const novel = await backstory.create(Novel, () => placed({ title: 'Emma', pages: 400 }));
    expect(novel).toBeInstanceOf(Novel);
    const changed = await backstory.handle(Novel, novel.id, () => ({
      type: 'Changed',
      data: { pages: 401 },
    }));
    expect(changed).toMatchObject({ title: 'Emma', pages: 401 });
    expect(await backstory.handle(Work, novel.id, () => undefined)).toBeInstanceOf(Novel);
  });

  it('without an event is refused, and what fails leaves nothing', async () => {
    await expect(backstory.create(Serial, () => [])).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
    await expect(backstory.create(Work, () => placed())).rejects.toMatchObject({
      code: 'CONSTRAINT_VIOLATED',
      kind: 'not null',
      properties: ['title'],
    });
    await expect(
      dataSource.transaction(async (manager) => {
        await backstory.create(Serial, () => placed({ note: 'gone' }), { manager });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await dataSource.manager.countBy(Serial, { note: 'gone' })).toBe(0);
  });

  it.each(['row', 'statement'])('whose row a trigger for each %s changes at once', async (forEach) => {
    await dataSource.query(`create function again() returns trigger language plpgsql as $$
      begin update serial set note = 'again' where note = 'once'; return null; end $$;
      create trigger again after insert on serial for each ${forEach} execute function again()`);
    const { id, note } = await backstory.create(Serial, () => placed({ note: 'once' }));
    expect(note).toBe('again');
    const events = await backstory.history('serial', String(id));
    expect(events.filter(({ type }) => type === 'Placed')).toHaveLength(1);
    expect(events.map(({ change }) => change)).toContain('created');
    await dataSource.query('drop trigger again on serial; drop function again');
  });

  it('that a trigger keeps from inserting is refused', async () => {
    await dataSource.query(`create function refuse() returns trigger language plpgsql as $$ begin return null; end $$;
      create trigger refuse before insert on "uuid" for each row execute function refuse()`);
    await expect(backstory.create(Uuid, () => placed())).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
    await dataSource.query('drop trigger refuse on "uuid"');
  });
});
