import { isDeepStrictEqual } from 'node:util';
import type { Backstory } from '@backstory/adapter';
import type { DataSource } from 'typeorm';
import { BankAccount } from './bank.js';

const state = `jsonb_build_object('id', r.id, 'balance', r.balance::text, 'notes', r.notes)`;

/**
 * Lets the database keep every version of every account beside Backstory and without it. Each change of a row is an event, and
 * writers of one row take turns: so the n-th change of a key is what its stream comes to at position n. By statement, because
 * triggers for each row would let capture work otherwise than it does in most applications.
 */
export async function witness(dataSource: DataSource): Promise<void> {
  await dataSource.query(`
    create table witness (id bigint generated always as identity, key text not null, state jsonb);
    create index on witness (key, id);
    create function testify() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' then insert into witness (key) select id from gone;
      elsif tg_op = 'INSERT' then insert into witness (key, state) select r.id, ${state} from came r;
      else insert into witness (key, state) select r.id, ${state} from came r join gone o on o.id = r.id where r *<> o;
      end if;
      return null;
    end $$;
    create trigger zz_inserted after insert on bank_account referencing new table as came
      for each statement execute function testify();
    create trigger zz_updated after update on bank_account referencing old table as gone new table as came
      for each statement execute function testify();
    create trigger zz_deleted after delete on bank_account referencing old table as gone
      for each statement execute function testify();`);
}

/** What was witnessed of an account, by version; the first is version 1. */
export async function versionsOf(dataSource: DataSource, id: string): Promise<readonly (object | null)[]> {
  const rows: { state: object | null }[] = await dataSource.query(
    'select state from witness where key = $1 order by id',
    [id],
  );
  return rows.map((row) => row.state);
}

/**
 * Snapshots, as they are committed now, whose state was never committed, or not at their position.
 * @returns how many there are, and the wrong ones in words
 */
export async function examineSnapshots(dataSource: DataSource): Promise<{ count: number; wrong: string[] }> {
  // one statement, so one view of both
  const rows: { id: string; position: number; kept: object | null; was: object | null; known: boolean }[] =
    await dataSource.query(
      `select s.stream_id as id, s.stream_position::int as position, s.state -> 'root' as kept, w.state as was, w.key is not null as known
       from backstory.snapshots s
       left join (select key, state, row_number() over (partition by key order by id) as version from witness) w
         on w.key = s.stream_id and w.version = s.stream_position`,
    );
  const wrong = rows.filter(({ kept, was, known }) => !known || !isDeepStrictEqual(kept, was));
  return {
    count: rows.length,
    wrong: wrong.map(({ id, position, kept, was }) => `${id}@${position}: ${JSON.stringify([kept, was])}`),
  };
}

/** That every version of every account is what was witnessed. @returns how many versions there are */
export async function expectEveryVersion(dataSource: DataSource, ...instances: Backstory[]): Promise<number> {
  const keys: { key: string }[] = await dataSource.query('select distinct key from witness order by 1');
  let versions = 0;
  for (const { key } of keys) {
    for (const [index, witnessed] of (await versionsOf(dataSource, key)).entries()) {
      const version = index + 1;
      for (const backstory of instances) {
        const account = await backstory.load(BankAccount, key, { version });
        const { state: replayed, position } = await backstory.state(BankAccount, key, { version });
        const found = [key, version, position, replayed, account && { ...account }];
        const expected = [key, version, version, witnessed, witnessed];
        if (!isDeepStrictEqual(found, expected)) expect(found).toEqual(expected);
      }
      versions++;
    }
  }
  return versions;
}
