import { quoteIdentifier, quoteLiteral, quoteTable } from '../database/index.js';
import { type EntityMapping, streamIdSql, tableOf } from '../mapping/index.js';
import { asNamed } from './as-named.js';
import { changedRows } from './changed-rows.js';
import type { Operation } from './part-events-sql.js';
import { isNumberedAtCommit } from './stream-tables.js';
import { truncatedRows } from './truncated-rows.js';

/**
 * What a trigger function does before anything else in a transaction that leaves no events of the aggregate on purpose: the streams of
 * deleted roots are noted as ended, and nothing else is written. Parts are captured as ever: their root may stay, and if it goes, what is
 * pending of its stream is dropped. What the work itself inserts or updates is refused; what triggers and foreign keys do is captured.
 * The setting only says that it is worth to look: it can be made by anybody, and what is looked for can't.
 */
export function untrackedSql(mapping: EntityMapping, schema: string, operation: Operation): string {
  const name = quoteIdentifier(schema);
  const root = mapping.part?.root ?? mapping;
  const ends = operation === 'delete' || operation === 'truncate';
  if (mapping.part && ends) return '';
  return `
  if current_setting('backstory.untracked', true) = 'on' then
    capture.work := ${name}.untracked_work_of(${quoteLiteral(root.category)});
    if capture.work is not null${ends ? '' : ' and pg_trigger_depth() = 1'} then
${ends ? endsSql(mapping, schema, operation) : refusalSql(root, name)}
    end if;
  end if;`;
}

function refusalSql({ knownAs }: EntityMapping, name: string): string {
  return `      perform ${name}.refuse_untracked(tg_op, ${quoteLiteral(knownAs)}, fired_on);`;
}

function endsSql(mapping: EntityMapping, schema: string, operation: 'delete' | 'truncate'): string {
  const noted = (isThere: boolean): string => notedSql(mapping, schema, operation, isThere);
  const hidden = `if row_security_active(to_regclass(${quoteLiteral(quoteTable(mapping.table))})) then
        raise exception 'Backstory: TRUNCATE of % is refused in untracked(): a policy may hide rows from %', fired_on::regclass, current_user
          using errcode = 'insufficient_privilege', hint = 'Let the role that owns the capture functions see every row: ALTER ROLE ... BYPASSRLS.';
      end if;`;
  return `      ${operation === 'truncate' ? `${hidden}\n${noted(true)}` : asNamed(mapping, noted)}
      return null;`;
}

/** A row that is there again by now, as a trigger may put it back, hasn't ended. */
function notedSql(
  mapping: EntityMapping,
  schema: string,
  operation: 'delete' | 'truncate',
  isThere: boolean,
): string {
  const name = quoteIdentifier(schema);
  const category = quoteLiteral(mapping.category);
  const rows =
    operation === 'truncate' ? truncatedRows(mapping, schema) : changedRows(mapping, schema, isThere).old;
  const sameKey = mapping.key.map(
    ({ column }) => `c.${quoteIdentifier(column)} = o.${quoteIdentifier(column)}`,
  );
  const back =
    operation === 'delete' && isThere
      ? `where not exists (select from ${tableOf(mapping)} c where ${sameKey.join(' and ')})`
      : '';
  const streams = `select ${streamIdSql(mapping, 'o')} as stream_id from ${rows} o ${back}`;
  const dropped = `
      delete from ${name}.pending_events p using (${streams}) r
      where p.transaction = pg_current_xact_id() and p.category = ${category} and p.stream_id = r.stream_id;
      get diagnostics capture.written = row_count;
      update ${name}.untracked_work w set parts = coalesce(w.parts, 0) + capture.written where w.id = capture.work;`;
  return `      capture.mark := ${name}.log_mark();
      insert into ${name}.untracked_ends (work, mark, category, stream_id)
      select capture.work, capture.mark, ${category}, r.stream_id from (${streams}) r
      on conflict do nothing;
      get diagnostics capture.written = row_count;
      update ${name}.untracked_work w set deleted = coalesce(w.deleted, 0) + capture.written where w.id = capture.work;${isNumberedAtCommit(mapping) ? dropped : ''}`;
}
