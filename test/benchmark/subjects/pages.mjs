/**
 * The events table read from end to end in bare pages: each begins behind the last position of the one before, which would
 * lose events that commit late.
 * @param {import('typeorm').DataSource} dataSource
 * @param {boolean} decoded JSON as objects, not as text
 */
export async function readInPages(dataSource, decoded) {
  for (let position = '0', end; (end = await barePage(dataSource, position, decoded)); position = end);
}

/**
 * At most 1000 events.
 * @param {import('typeorm').DataSource} dataSource
 * @param {string} position
 * @param {boolean} decoded
 * @returns {Promise<string | undefined>} the position of the last; undefined where there is none
 */
export async function barePage(dataSource, position, decoded) {
  const json = decoded ? '' : '::text';
  const rows = await dataSource.query(
    `select global_position::text, stream_position::text, recorded_at::text, schema_version, change, category, stream_id, type,
       data${json} as data, metadata${json} as metadata
     from backstory.events e where e.global_position > $1 order by e.global_position limit 1000`,
    [position],
  );
  return rows.at(-1)?.global_position;
}
