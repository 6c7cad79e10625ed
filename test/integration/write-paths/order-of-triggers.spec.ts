import { entity, full } from './entities-triggers.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

/** By its name it fires before the triggers of capture. */
const early = `
  create function count_rows() returns trigger language plpgsql as $$ begin
    if pg_trigger_depth() < 2 then update early set amount = amount + 1; end if; return null; end $$;
  create trigger "00_a" after insert or update or delete on early for each statement execute function count_rows()`;

describe("a trigger of the application that fires before those of capture and writes the statement's rows", () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround([entity('Early')], early);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'AFTER STATEMENT': {
      write: async (manager) => {
        await manager.insert('Early', { name: 'a' });
        await manager.insert('Early', { name: 'b' });
        await manager.update('Early', 1, { name: 'c' });
        await manager.delete('Early', 2);
      },
      events: {
        'early-1': [
          full('Early'),
          'updated EarlyUpdated amount',
          'updated EarlyUpdated amount',
          'updated EarlyUpdated name',
          'updated EarlyUpdated amount',
          'updated EarlyUpdated amount',
        ],
        'early-2': [
          full('Early'),
          'updated EarlyUpdated amount',
          'updated EarlyUpdated amount',
          'deleted EarlyDeleted',
        ],
      },
    },
  });
});
