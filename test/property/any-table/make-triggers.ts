import { quotedNames } from './hostile-names.js';
import type { Table, TableName } from './model.js';
import type { Picks } from './picks.js';
import { id, named, text } from './quoting.js';

/** How names of triggers begin: some sort before those of Backstory, some behind. */
const beginnings = ['zz', '', '00_', '!', '0', '00_backstory', 'a"'];

interface Body {
  readonly time: 'before' | 'after';
  readonly events: string;
  readonly level: 'row' | 'statement';
  readonly body: string;
}

/** Triggers of the application: they change the row, other rows of the table, or rows of tables above and beneath. */
function bodies(table: Table): Body[] {
  const note = id(table.note.name);
  const count = id(table.count.name);
  const key = (values: readonly string[]): string =>
    table.key
      .map((column, n) => `${id(column.name)} = ${text(values[n] as string)}::${column.type}`)
      .join(' and ');
  const sameKey = (row: string): string =>
    table.key.map(({ name }) => `${id(name)} = ${row}.${id(name)}`).join(' and ');
  const insertable = table.columns.filter(({ writable }) => writable);
  const names = insertable.map(({ name }) => id(name)).join(', ');
  const back = insertable.map(({ name }) => `old.${id(name)}`).join(', ');
  const [first = [], second = []] = table.keys;
  const t = named(table);
  const list: Body[] = [
    {
      time: 'before',
      events: 'insert or update',
      level: 'row',
      body: `new.${note} := left(coalesce(new.${note}, ''), 20) || '+'`,
    },
    {
      time: 'after',
      events: 'update',
      level: 'row',
      body: `update ${t} set ${count} = coalesce(${count}, 0) + 1 where ${key(first)}`,
    },
    {
      time: 'after',
      events: 'insert or delete',
      level: 'row',
      body: `update ${t} set ${count} = coalesce(${count}, 0) + 1 where ${key(first)} or ${key(second)}`,
    },
    {
      time: 'after',
      events: 'insert',
      level: 'row',
      body: `update ${t} set ${note} = 'inserted' where ${sameKey('new')}`,
    },
    {
      time: 'after',
      events: 'insert or update',
      level: 'row',
      body: `if new.${count} = 3 then delete from ${t} where ${sameKey('new')}; end if`,
    },
    {
      time: 'after',
      events: 'insert or update or delete',
      level: 'statement',
      body: `update ${t} set ${count} = coalesce(${count}, 0) + 1 where ${note} is not null`,
    },
    { time: 'after', events: 'update', level: 'row', body: `delete from ${t} where ${key(second)}` },
    {
      time: 'after',
      events: 'delete',
      level: 'row',
      body: `insert into ${t} (${names}) overriding system value values (${back})`,
    },
    {
      time: 'before',
      events: 'insert or update',
      level: 'row',
      body: `if new.${count} = 7 then return null; end if`,
    },
    { time: 'before', events: 'delete', level: 'row', body: `if old.${count} = 7 then return null; end if` },
    {
      time: 'before',
      events: 'delete',
      level: 'row',
      body: `update ${t} set ${note} = 'beside' where ${key(first)} and not (${sameKey('old')})`,
    },
    {
      time: 'before',
      events: 'update',
      level: 'statement',
      body: `update ${t} set ${note} = 'before' where ${key(first)}`,
    },
    { time: 'after', events: 'delete', level: 'statement', body: `delete from ${t} where ${count} = 13` },
    {
      time: 'before',
      events: 'insert or update',
      level: 'row',
      body: `update ${t} set ${note} = 'of another' where ${key(first)} and not (${sameKey('new')})`,
    },
    {
      time: 'before',
      events: 'insert',
      level: 'row',
      body: `delete from ${t} where ${key(second)} and not (${sameKey('new')})`,
    },
  ];
  const { reference } = table;
  if (reference) {
    const { parent, columns } = reference;
    const above = parent.key.map(
      ({ name }, n) => `${id(name)} = new.${id((columns[n] as { name: string }).name)}`,
    );
    list.push(
      {
        time: 'after',
        events: 'insert or update',
        level: 'row',
        body: `update ${named(parent)} set ${id(parent.count.name)} = coalesce(${id(parent.count.name)}, 0) + 1 where ${above.join(' and ')}`,
      },
      {
        time: 'before',
        events: 'insert',
        level: 'row',
        body: `update ${named(parent)} set ${id(parent.note.name)} = 'of a part' where ${above.join(' and ')}`,
      },
      {
        time: 'after',
        events: 'delete',
        level: 'statement',
        body: `update ${named(parent)} set ${id(parent.count.name)} = 0`,
      },
    );
  }
  for (const part of table.parts) {
    const beneath = (row: string): string =>
      table.key
        .map(
          ({ name }, n) =>
            `${id((part.reference?.columns[n] as { name: string }).name)} = ${row}.${id(name)}`,
        )
        .join(' and ');
    list.push(
      {
        time: 'after',
        events: 'update',
        level: 'row',
        body: `update ${named(part)} set ${id(part.note.name)} = new.${note} where ${beneath('new')}`,
      },
      {
        time: 'before',
        events: 'delete',
        level: 'row',
        body: `delete from ${named(part)} where ${beneath('old')}`,
      },
    );
  }
  return list;
}

/** Definitions of a trigger, on the table or on one beneath it. */
export function triggerSql(table: Table, picks: Picks, schema: string, number: number): string[] {
  const { time, events, level, body } = picks.of(bodies(table));
  const on: TableName = picks.of([table, table, ...table.beneath]);
  const name = `${picks.of(beginnings)}${picks.of(quotedNames)}`;
  const functionName = `${id(schema)}.${id(`f${number}${picks.of(quotedNames)}`)}`;
  const handed = level === 'statement' ? 'null' : 'coalesce(new, old)';
  return [
    `create function ${functionName}() returns trigger language plpgsql as ${text(
      `begin if pg_trigger_depth() < 2 then ${body}; end if; return ${handed}; end`,
    )}`,
    `create trigger ${id(`${[...name].slice(0, 12).join('')}${number}`)} ${time} ${events} on ${named(on)} for each ${level} execute function ${functionName}()`,
  ];
}
