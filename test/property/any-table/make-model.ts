import { hostileIdentifiers, hostileNames, quotedNames } from './hostile-names.js';
import type { OwnType } from './make-column.js';
import { makeTable, type Surroundings, type TableSeed } from './make-table.js';
import type { Model, Table } from './model.js';
import { Picks } from './picks.js';
import { id, text } from './quoting.js';
import { UniqueNames } from './unique-names.js';

export interface ShapeSeed {
  readonly base: number;
  readonly roots: readonly TableSeed[];
}

/** The tables that come of some random numbers: the same for the same numbers. */
export function makeModel({ base, roots }: ShapeSeed): Model {
  const picks = new Picks(base);
  const names = new UniqueNames(['public', 'backstory', 'pg_catalog', 'information_schema']);
  const taken = (wanted: string): string => names.take(wanted.replaceAll('.', '').replace(/^pg_/, 'pq_'));
  const schemas = ['public', ...Array.from({ length: picks.number(3) }, () => taken(picks.of(hostileNames)))];
  const own = taken(picks.of(quotedNames));
  const backstorySchema = picks.chance(30) ? taken(picks.of(hostileNames)) : 'backstory';
  const relations = schemas.map(() => new UniqueNames(['mood', 'number', 'pair', 'positive', 'document']));
  const { ddl, ownTypes } = ownTypesOf(own, picks);
  const categories = new UniqueNames();
  const around: Surroundings = {
    schemas,
    relations,
    ownTypes,
    usedNames: [],
    counter: 0,
    entities: new UniqueNames(),
  };
  const tables = roots.map((seed) => {
    const category = categories.take(picks.of(hostileIdentifiers)).replace(/^(\d+)(.*)$/, '$2$1');
    return makeTable(
      seed,
      around,
      around.entities.take(picks.of(hostileIdentifiers)).replace(/^(\d+)(.*)$/, '$2$1'),
      category,
    );
  });
  const all = tables.flatMap(withParts);
  // triggers last, and parts behind what they refer to
  const isLast = (sql: string): boolean => /^create (function|trigger)/.test(sql);
  const sql = all.flatMap((table) => table.ddl);
  return {
    backstorySchema,
    ddl: [
      ...schemas.slice(1).map((schema) => `create schema ${id(schema)}`),
      ...ddl,
      `create function public.ran(statement text, given text) returns text language plpgsql as 'begin execute statement; return given; end'`,
      ...sql.filter((statement) => !isLast(statement)),
      ...sql.filter(isLast),
    ],
    roots: tables,
    tables: all,
  };
}

function withParts(table: Table): Table[] {
  return [table, ...table.parts.flatMap(withParts)];
}

function ownTypesOf(schema: string, picks: Picks): { ddl: string[]; ownTypes: OwnType[] } {
  const unique = new UniqueNames();
  const next = (): string => `${id(schema)}.${id(unique.take(picks.of(quotedNames)))}`;
  const attribute = new UniqueNames();
  const [mood, label, pair, span, price, many] = [next(), next(), next(), next(), next(), next()];
  return {
    ddl: [
      `create schema ${id(schema)}`,
      `create type ${mood} as enum ('a', ${text("it's")}, ${text('"q" $$ \\')})`,
      `create domain ${label} as text check (value <> 'refused')`,
      `create type ${pair} as (${id(attribute.take(picks.of(quotedNames)))} numeric, ${id(attribute.take(picks.of(quotedNames)))} text)`,
      `create type ${span} as range (subtype = numeric)`,
      `create domain ${price} as numeric(10, 2)`,
      `create domain ${many} as ${mood}[]`,
    ],
    ownTypes: [
      { type: mood, values: ['a', "it's", '"q" $$ \\'] },
      { type: label, values: ['x', 'refused', '', '$backstory$'] },
      { type: pair, values: ['(1.0,a)', '(1.00,"a""b")', '(,)'] },
      { type: span, values: ['[1.0,2)', '[1.00,2)', 'empty'] },
      { type: price, values: ['1', '1.005', '-0'] },
      { type: many, values: ['{a}', '{}', '{NULL}'] },
      { type: `${mood}[]`, values: ['{a}', '{}', '{NULL,a}'] },
    ],
  };
}
