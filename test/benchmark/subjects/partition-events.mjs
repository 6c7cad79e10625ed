/**
 * Makes the events table a partitioned one, by position, with the events that are there spread over all partitions but the
 * last, into which everything new goes; without the archive beside them. What Backstory doesn't do: to measure what it would
 * cost.
 * @param {import('typeorm').DataSource} dataSource
 * @param {number} partitions
 */
export async function partitionEvents(dataSource, partitions) {
  const [{ last }] = await dataSource.query(
    'select max(global_position)::float8 as last from backstory.events',
  );
  const size = Math.ceil(last / (partitions - 1));
  // PostgreSQL wants the column of the ranges in every unique key, so this one no longer holds streams together
  await dataSource.query(
    `alter table backstory.events rename to events_before;
     create sequence backstory.positions start ${last + 1};
     create table backstory.events (
       like backstory.events_before including defaults,
       primary key (category, stream_id, stream_position, global_position)
     ) partition by range (global_position);
     alter table backstory.events alter global_position set default nextval('backstory.positions');
     create unique index on backstory.events (global_position)`,
  );
  for (let n = 0; n < partitions; n++) {
    const to = n === partitions - 1 ? 'maxvalue' : (n + 1) * size + 1;
    await dataSource.query(
      `create table backstory.events_${n} partition of backstory.events for values from (${n * size + 1}) to (${to});
       alter table backstory.events_${n} set (autovacuum_enabled = false)`,
    );
  }
  await dataSource.query(
    `insert into backstory.events select * from backstory.events_before; drop table backstory.events_before cascade`,
  );
  await dataSource.query('analyze backstory.events');
}
