import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import { type EntityMapping, rowsOfStreamsSql, streamIdSql } from '../mapping/index.js';

/** Streams are told apart by this many hashes of their ids. */
export const buckets = 1024;

/** Which streams are compared: the same condition on either side. At most one parameter, $1. */
export interface VerifyScope {
  readonly rows: (mapping: EntityMapping, alias: string) => string;
  readonly events: (alias: string) => string;
  readonly values: readonly unknown[];
  /** Few streams, found by their keys. */
  readonly few?: true;
  /** What was erased is compared as any other value, for a repair that brings it back. */
  readonly comparesErased?: true;
  /** A relation with a column stream_id, to take the streams from: of those that have one there. */
  readonly listed?: string;
}

export const everything: VerifyScope = { rows: () => 'true', events: () => 'true', values: [] };

/** The number of the bucket of a stream, from its id. */
export function bucketSql(streamId: string): string {
  return `(hashtextextended(${streamId}, 0) & ${buckets - 1})`;
}

export function inBuckets(numbers: readonly number[]): VerifyScope {
  return {
    rows: (mapping, alias) => `${bucketSql(streamIdSql(mapping, alias))} = any ($1::bigint[])`,
    events: (alias) => `${bucketSql(`${alias}.stream_id`)} = any ($1::bigint[])`,
    values: [numbers],
  };
}

/** About this share of the streams, chosen by chance. */
export function sampled(share: number): VerifyScope {
  const all = Array.from({ length: buckets }, (_, number) => ({ number, at: Math.random() }));
  const chosen = all.sort((a, b) => a.at - b.at).slice(0, Math.ceil(share * buckets));
  return inBuckets(chosen.map(({ number }) => number));
}

export function ofStreams(streamIds: readonly string[]): VerifyScope {
  return {
    rows: (mapping, alias) => rowsOfStreamsSql(mapping, alias, '$1'),
    events: (alias) => `${alias}.stream_id = any ($1::text[])`,
    values: [streamIds],
    few: true,
  };
}

/** Streams of the category that have an event that was recorded at `since` or later, or have ended without one since. */
export function changedSince(schema: string, category: string, since: string): VerifyScope {
  const name = quoteIdentifier(schema);
  const changed = `(select c.stream_id from ${name}.events c
    where c.category = ${quoteLiteral(category)} and c.recorded_at >= $1::timestamptz
    union select u.stream_id from ${name}.untracked_ends u
    where u.category = ${quoteLiteral(category)} and u.ended_at >= $1::timestamptz)`;
  return {
    rows: (mapping, alias) => `${streamIdSql(mapping, alias)} in ${changed}`,
    events: (alias) => `${alias}.stream_id in ${changed}`,
    values: [since],
  };
}
