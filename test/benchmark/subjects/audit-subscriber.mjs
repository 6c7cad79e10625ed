import { EntitySchema, EventSubscriber } from 'typeorm';
import { articles } from './article.mjs';

export const auditEntries = new EntitySchema({
  name: 'AuditEntry',
  tableName: 'audit_entry',
  columns: {
    id: { type: 'bigint', primary: true, generated: true },
    entity: { type: 'text' },
    entityId: { type: 'text', name: 'entity_id' },
    action: { type: 'text' },
    data: { type: 'jsonb' },
    recordedAt: { type: 'timestamptz', name: 'recorded_at', default: () => 'now()' },
  },
  indices: [{ columns: ['entity', 'entityId'] }],
});

/**
 * An audit log as a team writes it by hand. It sees what save() and remove() do; update() and delete() by criteria
 * reach a subscriber without the row, and raw SQL does not reach it at all.
 */
export class AuditSubscriber {
  listenTo() {
    // TypeORM compares it with the entity's target, which for a schema is its name.
    return articles.options.name;
  }

  /** @param {import('typeorm').InsertEvent<import('./article.mjs').Article>} event */
  async afterInsert({ manager, entity }) {
    await record(manager, 'insert', entity.id, entity);
  }

  /** @param {import('typeorm').UpdateEvent<import('./article.mjs').Article>} event */
  async afterUpdate({ manager, entity, databaseEntity, updatedColumns }) {
    if (!entity || !databaseEntity) return;
    const changes = updatedColumns.map((column) => [column.propertyName, column.getEntityValue(entity)]);
    await record(manager, 'update', databaseEntity.id, Object.fromEntries(changes));
  }

  /** @param {import('typeorm').RemoveEvent<import('./article.mjs').Article>} event */
  async afterRemove({ manager, entityId }) {
    if (entityId === undefined) return;
    await record(manager, 'remove', entityId, {});
  }
}

// What the decorator @EventSubscriber() does.
EventSubscriber()(AuditSubscriber);

/**
 * @param {import('typeorm').EntityManager} manager
 * @param {string} action
 * @param {unknown} id
 * @param {object} data
 */
async function record(manager, action, id, data) {
  await manager.insert(auditEntries, { entity: 'Article', entityId: `${String(id)}`, action, data });
}
