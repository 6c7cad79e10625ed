import { articles, newArticle } from './article.mjs';

/** @typedef {import('./subject.mjs').Subject} Subject */
/** @typedef {(manager: import('typeorm').EntityManager) => Promise<unknown>} Work */

/** Rows of each connection: waiting for a row lock is not what is measured. */
export const ROWS_OF_EACH = 10_000;
const BATCH = 100;

/**
 * @typedef {object} Operation
 * @property {string} name
 * @property {number} samples of each variant, at whatever number of connections
 * @property {number} perTurn operations of each connection in one turn
 * @property {number} rows that one operation writes
 * @property {number} [goal]
 * @property {boolean} [tidy] leaves so many dead rows that they must go before the next turn
 * @property {(subject: Subject, worker: number, random: () => number) => Promise<Work>} prepare
 *   what happens before the clock starts
 */

/**
 * The six ways to write that applications use most.
 * @type {Operation[]}
 */
export const writeOperations = [
  {
    name: 'save() insert',
    samples: 240,
    perTurn: 4,
    rows: 1,
    goal: 1.08,
    prepare: async (_subject, _worker, random) => {
      const article = newArticle(Math.floor(random() * ROWS_OF_EACH));
      return (manager) => manager.save(articles, article);
    },
  },
  {
    name: 'save() update',
    samples: 240,
    perTurn: 4,
    rows: 1,
    goal: 1.08,
    prepare: async ({ dataSource }, worker, random) => {
      const article = await dataSource.manager.findOneByOrFail(articles, { id: idOf(worker, random) });
      Object.assign(article, {
        stock: article.stock + 1,
        title: `${article.title.slice(0, 12)} ${random()}`,
      });
      return (manager) => manager.save(articles, article);
    },
  },
  {
    name: 'update()',
    samples: 240,
    perTurn: 4,
    rows: 1,
    goal: 1.15,
    prepare: async (_subject, worker, random) => {
      const id = idOf(worker, random);
      const stock = 1000 + Math.floor(random() * 1e6);
      return (manager) => manager.update(articles, { id }, { stock });
    },
  },
  {
    name: 'delete()',
    samples: 240,
    perTurn: 4,
    rows: 1,
    goal: 1.15,
    prepare: async ({ dataSource }, _worker, random) => {
      const article = newArticle(Math.floor(random() * ROWS_OF_EACH));
      const { identifiers } = await dataSource.manager.insert(articles, article);
      const id = Number(identifiers[0]?.['id']);
      return (manager) => manager.delete(articles, { id });
    },
  },
  {
    name: `save() of ${BATCH}`,
    samples: 24,
    perTurn: 1,
    rows: BATCH,
    goal: 1.2,
    prepare: async () => {
      const batch = Array.from({ length: BATCH }, (_, number) => newArticle(number));
      return (manager) => manager.save(articles, batch);
    },
  },
  {
    name: 'UPDATE of 10 000',
    samples: 8,
    perTurn: 1,
    rows: ROWS_OF_EACH,
    goal: 3.3,
    tidy: true,
    prepare: async (_subject, worker) => {
      const [first, last] = [worker * ROWS_OF_EACH + 1, (worker + 1) * ROWS_OF_EACH];
      return (manager) =>
        manager.query(`update article set stock = stock + 1 where id between ${first} and ${last}`);
    },
  },
];

/** Each connection has rows of its own: waiting for a row lock is not what is measured here.
 * @param {number} worker @param {() => number} random */
function idOf(worker, random) {
  return worker * ROWS_OF_EACH + 1 + Math.floor(random() * ROWS_OF_EACH);
}
