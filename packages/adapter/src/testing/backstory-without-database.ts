import {
  AdminQueries,
  ArchiveControl,
  Backstory,
  ConsumerControl,
  ErasureControl,
  KeyControl,
  SealControl,
  StageControl,
} from '../backstory/index.js';
import { runInContext } from '../capture/index.js';
import { refusing } from './refusing.js';

const nothing = (): Promise<void> => Promise.resolve();

/**
 * A Backstory for unit tests of what takes one: without a database and without a DataSource. What needs none works (`runInContext`, defining and
 * starting consumers, which then get nothing, and everything that waits for background work or ends it), and whatever else is called
 * rejects. Replace the methods that a test is about: `jest.spyOn(backstory, 'history')`, `vi.spyOn(…)`, or an assignment.
 * @throws BackstoryError NO_DATABASE from those of its methods that would ask the database
 * @example
 * const backstory = backstoryWithoutDatabase();
 * backstory.history = () => Promise.resolve([]);
 */
export function backstoryWithoutDatabase(): Backstory {
  const given = {
    stages: refusing(StageControl, 'backstory.stages', {}),
    admin: refusing(AdminQueries, 'backstory.admin', {}),
    archive: refusing(ArchiveControl, 'backstory.archive', {}),
    erasure: refusing(ErasureControl, 'backstory.erasure', {}),
    seals: refusing(SealControl, 'backstory.seals', { run: nothing, stop: nothing }),
    keys: refusing(KeyControl, 'backstory.keys', {}),
    consumers: consumersWithoutDatabase(),
    runInContext,
    snapshotsSettled: nothing,
    shadowSettled: nothing,
    close: nothing,
  };
  return refusing(Backstory, 'backstory', given, ['upcast', 'loadAll']);
}

function consumersWithoutDatabase(): ConsumerControl {
  const names = new Set<string>();
  const define = ({ name }: { readonly name: string }): ConsumerControl => {
    names.add(name);
    return consumers;
  };
  const consumers = refusing(ConsumerControl, 'backstory.consumers', {
    define,
    relay: define,
    project: define,
    names: () => [...names],
    forget: (name: string) => void names.delete(name),
    start: nothing,
    stop: nothing,
  });
  return consumers;
}
