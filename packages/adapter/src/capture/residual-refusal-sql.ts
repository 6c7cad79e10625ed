import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import { type EntityMapping, patchSql, streamIdSql } from '../mapping/index.js';
import { asNamed } from './as-named.js';
import { changedRows } from './changed-rows.js';
import type { Operation } from './part-events-sql.js';
import { isSameKeySql } from './same-key-sql.js';
import { isNumberedAtCommit } from './stream-tables.js';
import { truncatedRows } from './truncated-rows.js';

/** What a function has in it that refuses what no command explains. */
export interface ResidualRefusal {
  readonly declared: string;
  /** Where the statement's context has announcements, before they are taken out of it. */
  readonly noted: string;
  readonly refused: string;
}

/** Of the functions of all other tables, which are as they would be without any of this. */
export const noRefusal: ResidualRefusal = { declared: '', noted: '', refused: '' };

/**
 * Refuses a change that would become an event which no command explains: of a stream that the statement's command, if there is one, isn't for. What changes
 * no captured property, and a statement without rows, as cascades send them, is none. Repairs and restores are let through.
 */
export function residualRefusalSql(
  mapping: EntityMapping,
  schema: string,
  operation: Operation,
): ResidualRefusal {
  const own = quoteIdentifier(schema);
  const { category, knownAs, entity } = mapping.part?.root ?? mapping;
  const names = [...new Set([knownAs, category, entity])].map(quoteLiteral).join(', ');
  const isOfCommand = `${own}.is_of_command(capture.announced, capture.context, ${quoteLiteral(category)}, r.stream_id, pg_trigger_depth())`;
  // the statements of a command on an aggregate with parts have its scope, and announce nothing each by itself
  const ofCommand = isNumberedAtCommit(mapping) ? ` when capture.context ? 'scope' then '{}'::jsonb` : '';
  const look = (isThere: boolean): string => `    select r.stream_id into capture.residual from (
      ${changedStreams(mapping, schema, operation, isThere)}
    ) r where r.stream_id is not null and not ${isOfCommand} limit 1;`;
  return {
    declared: '\n  announced jsonb;\n  residual text;',
    noted: `
    capture.announced := case when capture.context ? '$events' then (
        select e from jsonb_array_elements(capture.context -> '$events') e
        where e ? 'announced' and e ->> 'aggregate' in (${names}) limit 1)${ofCommand} end;`,
    refused: `
  if coalesce(capture.context ->> 'origin', '') not in ('repair', 'restore') and ${own}.refuses_residual(${quoteLiteral(category)}) then
${mapping.reentrant ? asNamed(mapping, look) : look(true)}
    if capture.residual is not null then
      perform ${own}.refuse_residual(${quoteLiteral(category)}, ${quoteLiteral(knownAs)}, capture.residual, tg_op, fired_on);
    end if;
  end if;`,
  };
}

function changedStreams(
  mapping: EntityMapping,
  schema: string,
  operation: Operation,
  isThere: boolean,
): string {
  const of = (alias: string): string => streamIdSql(mapping, alias);
  if (operation === 'truncate')
    return `select ${of('o')} as stream_id from ${truncatedRows(mapping, schema)} o`;
  const { old, new: now } = changedRows(mapping, schema, isThere);
  if (operation === 'insert') return `select ${of('n')} as stream_id from ${now} n`;
  if (operation === 'delete') return `select ${of('o')} as stream_id from ${old} o`;
  return `select unnest(array[k.was, k.is]) as stream_id from ${old} o full join ${now} n on ${isSameKeySql(mapping)}
      cross join lateral (select ${of('o')} as was, ${of('n')} as is offset 0) k
      where case when k.was = k.is then ${patchSql(mapping, 'o', 'n')} <> '{}' else true end`;
}
