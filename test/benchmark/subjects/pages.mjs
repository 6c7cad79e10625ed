/**
 * The events table read from end to end in bare pages of 1000: a page begins behind the last position of the one before,
 * which would lose events that commit late.
 * @param {import('typeorm').DataSource} dataSource
 * @param {boolean} decoded JSON as objects, not as text
 */
export async function readInPages(dataSource, decoded) {
  const json = decoded ? '' : '::text';
  for (let position = '0'; ;) {
    const rows = await dataSource.query(
      `select global_position::text, stream_position::text, recorded_at::text, schema_version, change, category, stream_id, type,
         data${json} as data, metadata${json} as metadata
       from backstory.events e where e.global_position > $1 order by e.global_position limit 1000`,
      [position],
    );
    if (rows.length === 0) return;
    position = rows.at(-1).global_position;
  }
}
