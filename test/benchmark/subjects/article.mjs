import { EntitySchema } from 'typeorm';

/**
 * @typedef {object} Article
 * @property {number} id
 * @property {string} title
 * @property {number} stock
 * @property {string} price
 * @property {string} summary
 * @property {string} note
 * @property {{ size: number } | null} attributes
 * @property {Date} createdAt
 * @property {boolean} active
 */

/**
 * The table that all benchmarks write: nine columns of common types, about 200 bytes as JSON.
 * @type {EntitySchema<Article>}
 */
export const articles = new EntitySchema({
  name: 'Article',
  tableName: 'article',
  columns: {
    id: { type: 'integer', primary: true, generated: true },
    title: { type: 'text' },
    stock: { type: 'integer' },
    price: { type: 'numeric' },
    summary: { type: 'text' },
    note: { type: 'text' },
    attributes: { type: 'jsonb', nullable: true },
    createdAt: { type: 'timestamptz', name: 'created_at', default: () => 'now()' },
    active: { type: 'boolean', default: true },
  },
});

/** @param {number} number @returns {Partial<Article>} */
export function newArticle(number) {
  return {
    title: `Article ${number}`,
    stock: number % 1000,
    price: '12.50',
    summary: 'Summary of this article',
    note: 'none',
    attributes: { size: number % 50 },
  };
}

/** The same as `newArticle`, of every number of the series `g`. */
export const insertArticles = `insert into article (title, stock, price, summary, note, attributes)
  select 'Article ' || g, g % 1000, 12.50, 'Summary of this article', 'none',
         jsonb_build_object('size', g % 50)`;

/** Every row read and hashed: what a comparison of all rows can't do without. */
export const hashOfRows = 'select count(*), sum(hashtextextended(t::text, 0)) from article t';
