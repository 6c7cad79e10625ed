import { randomBytes } from 'node:crypto';
import { type Announcement, contextStorage } from './capture-context.js';

/** The change that events are announced for. */
interface AnnouncedChange {
  readonly category: string;
  /** Undefined of a row whose key the database has yet to choose. */
  readonly streamId?: string;
  readonly on: 'created' | 'updated' | 'deleted';
}

/**
 * Runs `work`, which sends the one statement that changes one row, with the events that its change comes to. Capture writes them, and what they
 * don't explain of it. Scopes around it name nothing inside.
 * @returns what `work` returns, and the scope that these events have in their metadata
 */
export async function announce<Result>(
  { category, streamId, on }: AnnouncedChange,
  announced: Announcement,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly scope: string }> {
  const scope = randomBytes(8).toString('hex');
  const [first] = announced.events;
  const intent = {
    aggregate: category,
    type: first?.type ?? '',
    scope,
    on,
    announced,
    ...(streamId !== undefined && { id: streamId }),
  };
  const source = contextStorage.getStore()?.source;
  return { result: await contextStorage.run({ source, intents: [intent] }, work), scope };
}

/**
 * Runs `work`, which sends the statements that a command on an aggregate with parts comes to: what capture makes of them stays pending, to be told from all
 * else by the scope that it has in its metadata. Scopes around it name nothing inside.
 */
export function withinCommand<Result>(work: () => Promise<Result>): Promise<Result> {
  const source = contextStorage.getStore()?.source;
  const command = randomBytes(8).toString('hex');
  return contextStorage.run({ source, intents: [], command }, work);
}
