import { EntitySchema } from 'typeorm';

/** An entity whose table has nothing special by itself. */
export const entity = (name: string, more: EntitySchema['options']['columns'] = {}): EntitySchema =>
  new EntitySchema({
    name,
    columns: {
      id: { type: 'int', primary: true, generated: 'increment' },
      name: { type: 'text' },
      amount: { type: 'int', default: 0 },
      ...more,
    },
  });

export const full = (name: string): string => `created ${name}Created amount id name`;

export const triggerEntities = [
  ...['Lowered', 'Refused', 'Line', 'Invoice', 'Journal', 'Numbered', 'Counted', 'Rejected', 'Returned'],
  ...['Summed', 'Checked', 'Paired', 'Archived', 'Mutual'],
].map((name) => entity(name));

const trigger = (table: string, when: string, body: string): string => `
  create function ${table}_changed() returns trigger language plpgsql as $$ begin ${body} end $$;
  create trigger changed ${when} execute function ${table}_changed();`;

/** One trigger of the application on each table, named so that it fires after ours if anything depends on the order. */
export const applicationTriggers = [
  trigger(
    'lowered',
    'before insert or update on lowered for each row',
    'new.name := lower(new.name); new.amount := new.amount + 1; return new;',
  ),
  trigger(
    'refused',
    'before insert or update or delete on refused for each row',
    `if old.name = 'keep' or new.name = 'no' then return null; end if; return coalesce(new, old);`,
  ),
  trigger(
    'line',
    'after insert or update or delete on line for each row',
    `update invoice set amount = amount + coalesce(new.amount, 0) - coalesce(old.amount, 0);
     insert into journal (name) values (tg_op); return null;`,
  ),
  trigger(
    'numbered',
    'after insert on numbered for each row',
    `update numbered set name = 'N' || new.id where id = new.id; return null;`,
  ),
  trigger(
    'counted',
    'after update on counted for each row when (old.name is distinct from new.name)',
    `update counted set amount = amount + 1 where id = new.id; return null;`,
  ),
  trigger(
    'rejected',
    'after insert or update on rejected for each row',
    `if new.name = 'no' then delete from rejected where id = new.id; end if; return null;`,
  ),
  trigger(
    'returned',
    'after delete on returned for each row',
    `insert into returned (id, name, amount) values (old.id, old.name, old.amount + 1); return null;`,
  ),
  trigger(
    'summed',
    'after insert on summed for each statement',
    `update summed set amount = (select count(*) from summed); return null;`,
  ),
  trigger(
    'paired',
    'before insert on paired for each row',
    `if new.name <> 'partner' then insert into paired (name) values ('partner');
       update paired set amount = amount + 1 where name = 'partner'; end if; return new;`,
  ),
  trigger(
    'archived',
    'before delete on archived for each row',
    `update archived set amount = -1 where id = old.id; return null;`,
  ),
  trigger(
    'mutual',
    'after update on mutual for each row when (pg_trigger_depth() < 3)',
    `update mutual set amount = amount + 1 where id <> new.id; return null;`,
  ),
  `create function checked_changed() returns trigger language plpgsql as $$ begin
     update checked set name = 'checked' where id = new.id; return null; end $$;
   create constraint trigger changed after insert on checked deferrable initially deferred
     for each row execute function checked_changed();`,
].join('\n');
