import operato from '@operato/typeorm-history';
import { Column, Entity, EventSubscriber, PrimaryGeneratedColumn } from 'typeorm';

const { HistoryActionColumn, HistoryEntitySubscriber, HistoryOriginalIdColumn } = operato;

/** As its README has it: a history entity with the columns of the entity, the id of the entity and what was done. */
class ArticleHistory {}
Entity('article_history')(ArticleHistory);
PrimaryGeneratedColumn({ type: 'bigint' })(ArticleHistory.prototype, 'id');
for (const [property, options] of Object.entries({
  title: { type: 'text' },
  stock: { type: 'integer' },
  price: { type: 'numeric' },
  summary: { type: 'text' },
  note: { type: 'text' },
  attributes: { type: 'jsonb' },
  createdAt: { type: 'timestamptz', name: 'created_at' },
  active: { type: 'boolean' },
})) {
  Column({ ...options, nullable: true })(ArticleHistory.prototype, property);
}
// Nullable, because update() by criteria reaches it without an id and would fail the application's statement.
HistoryOriginalIdColumn({ type: 'integer', name: 'original_id', nullable: true })(
  ArticleHistory.prototype,
  'originalID',
);
HistoryActionColumn()(ArticleHistory.prototype, 'action');

class ArticleHistorySubscriber extends HistoryEntitySubscriber {
  get entity() {
    return 'Article';
  }
  get historyEntity() {
    return ArticleHistory;
  }
}
EventSubscriber()(ArticleHistorySubscriber);

export const typeormHistory = {
  entities: [ArticleHistory],
  subscribers: [ArticleHistorySubscriber],
  table: 'article_history',
  // A history row that doesn't say of what it is the history is none.
  usable: 'original_id is not null',
};
