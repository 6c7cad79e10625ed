import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import { type EntityMapping, streamIdSql } from '../mapping/index.js';
import { changedRows, newRows, oldRows } from './changed-rows.js';
import type { Operation } from './part-events-sql.js';
import { truncatedRows } from './truncated-rows.js';

/** What a function has around its capture that records a failure and lets the write go on. */
export interface FailureRecording {
  readonly declared: string;
  readonly before: string;
  readonly after: string;
}

/** Of the functions of all other tables, which are as they would be without any of this. */
export const noRecording: FailureRecording = { declared: '', before: '', after: '' };

/** How many streams a failure names. */
const namedStreams = 100;

/**
 * Takes back what capture has written when it fails, notes the failure and warns. What is no failure of capture, what a refusal of ours
 * is, and what a command has announced fails the statement as ever: what the application says of its change is in no row, so no repair could bring it back.
 */
export function recordedFailuresSql(
  mapping: EntityMapping,
  schema: string,
  operation: Operation,
): FailureRecording {
  const own = quoteIdentifier(schema);
  const category = quoteLiteral(mapping.category);
  const { count, streams } = changesOf(mapping, schema, operation);
  const guarded = (statement: string): string => `    begin
      ${statement}
    exception when others then
      if ${own}.ends_the_statement(sqlstate) then raise; end if;
    end;`;
  return {
    declared: `
  failed_state text;
  failed_message text;
  failed_at text;
  failed_constraint text;
  failed_rows bigint;
  failed_streams text[];`,
    before: '  begin\n',
    after: `
  exception when others then
    get stacked diagnostics capture.failed_state = returned_sqlstate, capture.failed_message = message_text,
      capture.failed_at = pg_exception_context, capture.failed_constraint = constraint_name;
    if capture.intents is not null or not ${own}.may_go_on(${category}, capture.failed_state, capture.failed_constraint) then raise; end if;
${guarded(`capture.failed_rows := (${count});`)}
${guarded(`capture.failed_streams := (${streams});`)}
    perform ${own}.note_capture_failure(${category}, fired_on::regclass::text, tg_op, capture.failed_state, capture.failed_message, capture.failed_at,
      coalesce(capture.context, '{}'), capture.failed_rows, capture.failed_streams);
    raise warning 'Backstory has no event of this % of %, because capture has failed: %', tg_op, fired_on::regclass, capture.failed_message
      using errcode = capture.failed_state, constraint = 'backstory_capture_failure', schema = ${quoteLiteral(schema)},
        hint = ${quoteLiteral(`"npx backstory repair ${mapping.knownAs}" appends what is missing once capture is mended. See "npx backstory doctor".`)};
  end;
  return null;`,
  };
}

/** How many rows a statement has changed, and which streams they are of. */
function changesOf(
  mapping: EntityMapping,
  schema: string,
  operation: Operation,
): { readonly count: string; readonly streams: string } {
  const changed = changedRows(mapping, schema);
  const before = { rows: changed.old, counted: oldRows };
  const after = { rows: changed.new, counted: newRows };
  const truncated = truncatedRows(mapping, schema);
  const relations = {
    insert: [after],
    update: [after, before],
    delete: [before],
    truncate: [{ rows: truncated, counted: truncated }],
  }[operation];
  const isOne = mapping.reentrant && operation !== 'truncate';
  const ids = relations.map(
    ({ rows }) => `(select ${streamIdSql(mapping, 'x')} from ${rows} x limit ${namedStreams})`,
  );
  return {
    count: isOne ? 'select 1' : `select count(*) from ${relations[0]?.counted} x`,
    streams: `select array_agg(s.id) from (
        select distinct u.id from (${ids.join(' union all ')}) u (id) where u.id is not null order by 1 limit ${namedStreams}) s`,
  };
}
