import type { DataSource } from 'typeorm';

/** Changes an event behind everybody's back, as only a superuser can. @returns the order whose history now lies */
export async function corruptEvent(dataSource: DataSource): Promise<string> {
  return dataSource.transaction(async (manager) => {
    await manager.query(`SET LOCAL session_replication_role = replica`);
    const [rows] = await manager.query<[{ stream_id: string }[]]>(
      `UPDATE backstory.events SET data = jsonb_set(data::jsonb, '{total}', '"0.01"')
       WHERE (category, stream_id, stream_position) = (
         SELECT category, stream_id, stream_position FROM backstory.events e
         WHERE category = 'order' AND data -> 'total' IS NOT NULL AND NOT EXISTS (
           SELECT FROM backstory.events later
           WHERE later.category = 'order' AND later.stream_id = e.stream_id AND later.stream_position > e.stream_position)
         ORDER BY global_position LIMIT 1)
       RETURNING stream_id`,
    );
    const [event] = rows;
    if (!event) throw new Error('No event to corrupt: the shop has no orders');
    return event.stream_id;
  });
}
