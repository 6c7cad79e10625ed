import type { PgClient, PgPool } from './pg-pool.js';
import { ownTypes } from './pool-database.js';

type Query = (this: PgClient, config: unknown, ...rest: unknown[]) => unknown;
type Releases = {
  on(event: 'release', listener: (error: unknown, client: PgClient) => void): unknown;
  off: Releases['on'];
};

const writes =
  /^\s*(?:\/\*(?:[^*]|\*(?!\/))*\*\/\s*)*(?:insert|update|delete|merge|with|commit|copy|call|do|truncate)\b/i;
const watched = Symbol('backstory: watches writes');
/** Connections that may have written since they were acquired, whoever watches. */
const written = new WeakSet<object>();

/**
 * Says when a connection of this pool comes back after it may have written: a hint for consumers in this process, who
 * look at once instead of at their next turn. Older versions of pg-pool don't say when; consumers then find out by polling.
 * @returns ends it
 */
export function watchWrites(pool: PgPool, onWrite: () => void): () => void {
  const onAcquire = (client: PgClient): void => {
    written.delete(client);
    const marked = client as unknown as { [watched]?: true; query: Query };
    if (marked[watched]) return;
    marked[watched] = true;
    const original = marked.query;
    marked.query = function (this: PgClient, config: unknown, ...rest: unknown[]): unknown {
      const { text, types } = (config ?? {}) as { text?: unknown; types?: unknown };
      const statement = typeof config === 'string' ? config : text;
      if (types !== ownTypes && typeof statement === 'string' && writes.test(statement)) written.add(this);
      return original.call(this, config, ...rest);
    };
  };
  const onRelease = (_error: unknown, client: PgClient): void => {
    if (written.has(client)) onWrite();
  };
  pool.on('acquire', onAcquire);
  (pool as unknown as Releases).on('release', onRelease);
  return () => {
    pool.off('acquire', onAcquire);
    (pool as unknown as Releases).off('release', onRelease);
  };
}
