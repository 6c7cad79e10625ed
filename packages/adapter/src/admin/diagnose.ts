import {
  captureFunctions,
  type CaptureState,
  changesCapture,
  readCaptureStates,
  readReleases,
  readTriggers,
  wantedTriggers,
} from '../capture/index.js';
import { quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import type { EntityMapping, PartMapping } from '../mapping/index.js';
import { pendingMigrations } from '../schema/index.js';
import { readStages } from '../stages/index.js';
import type { Finding } from './finding.js';
import { sealFindings } from './seal-findings.js';
import { captureTriggers, type TriggerState } from './capture-triggers.js';

const install = 'npx backstory install';

/** Every difference between entities, tables and triggers, with what mends it. Looks at catalogues only, never at rows. */
export async function diagnose(
  sql: SqlExecutor,
  schema: string,
  mappings: readonly EntityMapping[],
): Promise<Finding[]> {
  const migrations = await pendingMigrations(sql, schema);
  if (migrations.length > 0) {
    return [
      {
        severity: 'fault',
        problem: `Backstory's own tables in schema "${schema}" are missing or old (${migrations.length} migrations to run)`,
        remedy: install,
      },
    ];
  }
  const stages = await readStages(sql, schema);
  const captured = mappings.filter(
    ({ category, initialStage }) => (stages.get(category) ?? initialStage) !== 'off',
  );
  const states = await readCaptureStates(sql, schema);
  const triggers = await captureTriggers(
    sql,
    captured.map((mapping) => asCaptured(mapping, states)),
  );
  const stored = states.flatMap(({ tables }) => tables);
  const releases = await readReleases(sql, schema);
  const isOutdated = (mapping: EntityMapping): boolean =>
    changesCapture(mapping, stored, releases) ||
    states.some(
      ({ category, captured: is, outdated, missing }) =>
        category === mapping.category && (!is || outdated.length + missing.length > 0),
    );
  return [
    ...captured.flatMap((mapping) => ofCapture(mapping, triggers, isOutdated(mapping))),
    ...states.flatMap(boundByName),
    ...mappings.flatMap(({ parts }) => parts).flatMap(withoutIndex),
    ...(await uncapturedColumns(
      sql,
      mappings.flatMap((root) => [root, ...root.parts]),
      states.flatMap(({ mapping }) => (typeof mapping === 'string' ? [] : [mapping, ...mapping.parts])),
    )),
    ...unnamedAggregates(states, mappings),
    ...(await strayTriggers(sql, schema, states)),
    ...(await sequenceBehind(sql, schema)),
    ...(await sealFindings(sql, schema)),
    ...(await unreadableTimes(sql)),
  ];
}

/** With the partitions of now, which a mapping of some time ago doesn't know. */
function asCaptured(own: EntityMapping, states: readonly CaptureState[]): EntityMapping {
  const mapping = states.find(({ category }) => category === own.category)?.mapping;
  return mapping === undefined || typeof mapping === 'string' ? own : mapping;
}

/** After a restore nothing is wrong: the functions find their tables by their names, which costs each statement a question. */
function boundByName({ category, rebound }: CaptureState): Finding[] {
  return rebound.map(({ table }) => ({
    severity: 'hint',
    aggregate: category,
    problem: `${quoteTable(table)} has another oid since a restore: it is captured, and each statement asks for its name`,
    remedy: install,
  }));
}

function ofCapture(mapping: EntityMapping, triggers: readonly TriggerState[], outdated: boolean): Finding[] {
  const aggregate = mapping.category;
  const own = triggers.filter(({ category }) => category === aggregate);
  const findings = own.flatMap(({ table, trigger, state }): Finding[] => {
    const name = quoteIdentifier(trigger);
    if (state === 'missing') {
      return [{ severity: 'fault', aggregate, problem: `${table} has no trigger ${name}`, remedy: install }];
    }
    if (state === 'disabled') {
      const remedy = `ALTER TABLE ${table} ENABLE TRIGGER ${name}; then npx backstory verify ${aggregate}`;
      return [{ severity: 'fault', aggregate, problem: `trigger ${name} of ${table} is disabled`, remedy }];
    }
    if (state === 'overtaken') {
      const problem = `trigger ${name} of ${table} fires before capture and may change rows again`;
      return [
        {
          severity: 'fault',
          aggregate,
          problem,
          remedy: `ALTER TRIGGER ${name} ON ${table} RENAME TO …, to a name behind "00_backstory_"`,
        },
      ];
    }
    return [];
  });
  if (findings.length === 0 && outdated) {
    const problem = `the triggers of ${quoteTable(mapping.table)} were made for other columns, rules or options than the entity has now`;
    findings.push({ severity: 'fault', aggregate, problem, remedy: install });
  }
  return findings;
}

/** A part is found by its foreign key: by the backfill, and when its aggregate is met for the first time. */
function withoutIndex({ category, table, part, indexed }: PartMapping): Finding[] {
  if (part.columns.some((column) => indexed.includes(column))) return [];
  const columns = part.columns.map(quoteIdentifier).join(', ');
  return [
    {
      severity: 'hint',
      aggregate: category,
      problem: `no index of ${quoteTable(table)} begins with its foreign key ${columns}: to find the parts of an aggregate, the whole table is read`,
      remedy: `CREATE INDEX CONCURRENTLY ON ${quoteTable(table)} (${columns});`,
    },
  ];
}

/** Columns that no entity has, of no release: TypeORM doesn't know them, so no event does. */
async function uncapturedColumns(
  sql: SqlExecutor,
  mappings: readonly EntityMapping[],
  captured: readonly EntityMapping[],
): Promise<Finding[]> {
  const rows = await sql.execute<{ oid: number; column: string }>(
    `select a.attrelid as oid, a.attname as column from pg_attribute a
     where a.attrelid = any ($1::oid[]) and a.attnum > 0 and not a.attisdropped order by a.attrelid, a.attnum`,
    [mappings.map(({ table }) => table.oid)],
  );
  return mappings.flatMap(({ category, table, entityColumns }) => {
    const byOthers = captured.filter((mapping) => mapping.table.oid === table.oid);
    const known = new Set([
      ...entityColumns,
      ...byOthers.flatMap(({ columns }) => columns.map(({ column }) => column)),
    ]);
    const unknown = rows.filter(({ oid, column }) => oid === table.oid && !known.has(column));
    return unknown.map(({ column }) => ({
      severity: 'hint' as const,
      aggregate: category,
      problem: `column ${quoteIdentifier(column)} of ${quoteTable(table)} is not captured: no entity has it`,
      remedy: 'Add it to the entity, or leave it out on purpose.',
    }));
  });
}

/** What is captured and this application doesn't name: left behind by a release, excluded, or of another service. */
function unnamedAggregates(states: readonly CaptureState[], mappings: readonly EntityMapping[]): Finding[] {
  const unnamed = states.filter(
    ({ category, captured }) => captured && !mappings.some((mapping) => mapping.category === category),
  );
  return unnamed.map(({ category, mapping, tables }) => {
    const end = `npx backstory stage ${category} off`;
    if (typeof mapping === 'string') {
      const problem = `${mapping}, and this application doesn't name "${category}"`;
      return { severity: 'fault', aggregate: category, problem, remedy: `${end} ends its capture.` };
    }
    return {
      severity: 'hint',
      aggregate: category,
      problem: `it is captured, but this application (or its configuration) doesn't name its entity ${tables[0]?.entity ?? ''}`,
      remedy: `Leave it to the application that does. If there is none any more: ${end}`,
    };
  });
}

/** Triggers on tables that were detached, swapped, or left behind. They write nothing, and cost each statement a call. */
async function strayTriggers(
  sql: SqlExecutor,
  schema: string,
  states: readonly CaptureState[],
): Promise<Finding[]> {
  const idle = new Set(
    states
      .filter(({ captured }) => !captured)
      .flatMap(({ tables }) => tables)
      .flatMap(({ category, part }) =>
        captureFunctions({ category, ...(part !== '' && { part: { path: part } }) }),
      ),
  );
  const wanted = states.flatMap(({ mapping, captured }) =>
    typeof mapping === 'string' || !captured
      ? []
      : [mapping, ...mapping.parts].flatMap((each) => wantedTriggers(each, schema)),
  );
  const stray = (await readTriggers(sql, schema)).filter(
    ({ oid, name, inherited }) =>
      !inherited && !wanted.some((trigger) => trigger.table.oid === oid && trigger.name === name),
  );
  return stray.map(({ schema: tableSchema, table, name, functionName }) => {
    const path = quoteTable({ schema: tableSchema, name: table });
    if (idle.has(functionName)) {
      return {
        severity: 'hint',
        problem: `trigger ${quoteIdentifier(name)} of ${path} is left from before its aggregate went off, and does nothing`,
        remedy: `DROP TRIGGER ${quoteIdentifier(name)} ON ${path}; when the table is not in use.`,
      };
    }
    return {
      severity: 'hint',
      problem: `trigger ${quoteIdentifier(name)} of ${path} calls ${functionName}, which captures another table and writes nothing for this one`,
      remedy: `DROP TRIGGER ${quoteIdentifier(name)} ON ${path}; when the table is not in use.`,
    };
  });
}

/** After a restore or a logical copy without its sequence, new events would take positions that are taken. */
async function sequenceBehind(sql: SqlExecutor, schema: string): Promise<Finding[]> {
  const events = `${quoteIdentifier(schema)}.events`;
  // to a role that may not look at the sequence it would seem to be at its start, or refuse
  const [row] = await sql.execute<{ newest: string | null; next: string | null; sequence: string }>(
    `select (select max(global_position) from ${events})::text as newest,
            pg_sequence_last_value(s.sequence)::text as next, s.sequence::regclass::text as sequence
     from (select pg_get_serial_sequence($1, 'global_position')::regclass as sequence) s
     where has_sequence_privilege(s.sequence, 'select, usage')`,
    [events],
  );
  if (!row?.newest || BigInt(row.next ?? 0) >= BigInt(row.newest)) return [];
  return [
    {
      severity: 'fault',
      problem: `the sequence of global positions is at ${row.next ?? 'its start'}, behind the newest event at ${row.newest}`,
      remedy: `SELECT setval('${row.sequence}', (SELECT max(global_position) FROM ${events}));`,
    },
  ];
}

/** Events and values don't depend on it; the times of stage changes, runs and parked events are read as the application's are. */
async function unreadableTimes(sql: SqlExecutor): Promise<Finding[]> {
  const [session] = await sql.execute<{ style: string }>(`select current_setting('DateStyle') as style`);
  if (!session || session.style.startsWith('ISO')) return [];
  return [
    {
      severity: 'hint',
      problem: `the DateStyle of the application's sessions is "${session.style}": node-postgres, and with it TypeORM, reads no timestamp of that form`,
      remedy: `ALTER ROLE CURRENT_USER SET DateStyle = 'ISO, MDY'; or leave it out of the connection's options. Then connect again.`,
    },
  ];
}
