import { readTopics } from '../appending/index.js';
import { type CaptureState, readCaptureStates } from '../capture/index.js';
import type { SqlExecutor } from '../database/index.js';
import { asReason, BackstoryError } from '../errors.js';
import type { SearchScope, UnsearchedCategory } from '../erasure/index.js';
import { categoriesWithEvents } from '../event-store/index.js';
import { type EntityMapping, formerMapping } from '../mapping/index.js';
import { requireUpcasters } from '../replay/index.js';

/**
 * Where a history has data of persons: in the aggregates of this application, and in those that other releases or services have
 * named, also where their tables are gone. Beside them what can't be looked through, as far as it has events.
 */
export async function searchScope(
  sql: SqlExecutor,
  schema: string,
  own: readonly EntityMapping[],
): Promise<SearchScope> {
  const states = await readCaptureStates(sql, schema);
  const topics = await readTopics(sql, schema);
  const withEvents = await categoriesWithEvents(sql, schema);
  const isOwn = (name: string): boolean => own.some(({ category }) => category === name);
  const others = states.filter(({ category }) => !isOwn(category)).map(known);
  const all = [...own, ...others];
  const unsearched = all.flatMap((each) => {
    const reason = 'reason' in each ? each.reason : whyUnread(each);
    return reason === undefined ? [] : [{ ...unsearchedOf(each), reason }];
  });
  const nobodys = withEvents
    .filter((category) => !topics.includes(category) && !all.some((each) => each.category === category))
    .map((category) => lost(category, 'no aggregate of this history has that category'));
  const ofTopics = topics.map((category) => ({
    ...lost(category, 'it is a topic: no option says whom its events are of'),
    topic: true as const,
  }));
  const isRead = (each: EntityMapping): boolean => whyUnread(each) === undefined;
  return {
    own: own.filter(isRead),
    others: others.filter((each): each is EntityMapping => !('reason' in each) && isRead(each)),
    unsearched: [...unsearched, ...nobodys, ...ofTopics].filter(({ category }) =>
      withEvents.includes(category),
    ),
  };
}

type Lost = Pick<UnsearchedCategory, 'category' | 'knownAs' | 'entity' | 'reason'>;

function lost(category: string, reason: string, entity = category): Lost {
  return { category, knownAs: category, entity, reason };
}

function known({ category, mapping, tables }: CaptureState): EntityMapping | Lost {
  if (typeof mapping !== 'string') return mapping;
  return formerMapping(tables) ?? lost(category, mapping, tables.find(({ part }) => part === '')?.entity);
}

function unsearchedOf(each: EntityMapping | Lost): Omit<UnsearchedCategory, 'reason'> {
  if ('reason' in each) return each;
  const { category, knownAs, entity, retain } = each;
  const subjects = [each, ...each.parts].flatMap(({ subject = {} }) => Object.keys(subject));
  return { category, knownAs, entity, subjects, retains: retain !== undefined };
}

function whyUnread(mapping: EntityMapping): string | undefined {
  try {
    requireUpcasters(mapping);
    return undefined;
  } catch (error) {
    if (!BackstoryError.is(error)) throw error;
    return asReason(error);
  }
}
