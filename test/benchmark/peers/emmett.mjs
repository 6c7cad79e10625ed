import { CommandHandler, projections } from '@event-driven-io/emmett';
import { getPostgreSQLEventStore, postgreSQLProjection } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';

// Connections of its pools outlive close() where several were in use, and the end of their database would be the end of the process.
const { connect } = pg.Pool.prototype;
pg.Pool.prototype.connect = function (...given) {
  if (this.listenerCount('error') === 0) this.on('error', () => undefined);
  return connect.apply(this, given);
};

/**
 * Emmett behind the port that the benchmarks use (harness/peers.mjs). Its settings are its defaults, unless a caller
 * names others.
 */
export const emmett = {
  /**
   * @param {string} url
   * @param {{ beforeCommit?: (data: object) => Promise<void> }} [options] beforeCommit: as an inline projection, which Emmett runs
   *   in the transaction of the append
   */
  async open(url, { beforeCommit } = {}) {
    const inline =
      beforeCommit &&
      projections.inline([
        postgreSQLProjection({
          name: 'inline',
          canHandle: ['ArticleCreated', 'ArticleUpdated'],
          handle: async ([event]) => beforeCommit(event.data),
        }),
      ]);
    const store = getPostgreSQLEventStore(url, inline ? { projections: inline } : {});
    await store.schema.migrate();
    // As it comes: no retry. Asked for three tries, it is the same where nobody else writes the stream.
    const handle = CommandHandler({
      evolve: (state, { data }) => ({ stock: state.stock + data.pieces }),
      initialState: () => ({ stock: 0 }),
    });
    return {
      append: async (stream, events) =>
        (await store.appendToStream(stream, events)).nextExpectedStreamVersion,
      read: async (stream) => (await store.readStream(stream)).events,
      load: async (stream) => {
        const { state } = await store.aggregateStream(stream, {
          initialState: () => ({}),
          evolve: (state, { data }) => Object.assign(state, data),
        });
        return state;
      },
      command: (id) =>
        handle(store, `article-${id}`, ({ stock }) => {
          if (stock < 0) throw new Error('sold out');
          return { type: 'Restocked', data: { pieces: 1 } };
        }),
      /** Delivers from the beginning until `stop` is called. */
      subscribe: (handle, pulling = {}) => {
        const consumer = store.consumer({ pulling });
        consumer.reactor({
          processorId: `reactor-${Math.random()}`,
          startFrom: 'BEGINNING',
          eachMessage: ({ metadata }) => {
            handle({ streamId: metadata.streamName, streamPosition: Number(metadata.streamPosition) });
          },
        });
        const running = consumer.start();
        // What breaks it shall not end the process: whoever stops it is told.
        running.catch(() => undefined);
        return {
          stop: async () => {
            // close() would close the store's connections, too
            await consumer.stop();
            await running;
          },
        };
      },
      close: () => store.close(),
    };
  },
};
