import { type Notes, openNotes } from './notes.js';

const writers = 8;
const turns = 30;

describe('writers, while capture is broken and mended', () => {
  let notes: Notes;

  beforeAll(async () => {
    notes = await openNotes('record');
    await notes.query(`insert into note select n, 'n' from generate_series(3, 40) n`);
  });

  afterAll(() => notes.close());

  it('lose no write, and a repair makes the history whole', async () => {
    const written = new Map<number, string>();
    const write = async (writer: number): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) {
        const own = 100 * (writer + 1) + turn;
        const body = `${writer} ${turn}`;
        await notes.dataSource.transaction(async (manager) => {
          await manager.query('insert into note values ($1, $2)', [own, body]);
          await manager.query('update note set body = $2 where id = $1', [
            1 + ((writer * 7 + turn) % 40),
            body,
          ]);
          if (turn % 5 === 4) await manager.query('delete from note where id = $1', [own - 2]);
        });
        written.set(own, body);
        if (turn % 5 === 4) written.delete(own - 2);
      }
    };
    const breakAndMend = async (): Promise<void> => {
      for (let time = 0; time < 3; time++) {
        await notes.breakCapture();
        await notes.query('select pg_sleep(0.05)');
        await notes.mendCapture();
      }
    };
    await Promise.all([...Array.from({ length: writers }, (_, writer) => write(writer)), breakAndMend()]);
    await notes.breakCapture();
    await notes.query(`update note set body = 'last' where id = 1`);
    await notes.mendCapture();

    const rows = await notes.query<{ id: number; body: string }>('select id, body from note where id >= 100');
    expect(new Map(rows.map(({ id, body }) => [id, body]))).toEqual(written);
    expect((await notes.failures()).length).toBeGreaterThan(0);
    await notes.backstory.repair();
    expect(await notes.backstory.verify()).toMatchObject({ clean: true, aggregates: [{ drifted: 0 }] });
    expect((await notes.failures()).filter(({ settled }) => !settled)).toEqual([]);
  });
});
