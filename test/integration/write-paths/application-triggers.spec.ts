import { applicationTriggers, full, triggerEntities } from './entities-triggers.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

describe("rows that the application's own triggers write", () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround(triggerEntities, applicationTriggers);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'BEFORE ROW that changes the new row': {
      write: async (manager) => {
        await manager.insert('Lowered', { name: 'ANN' });
        await manager.update('Lowered', 1, { name: 'ANN' });
        await manager.save('Lowered', { id: 1, name: 'BOB' });
      },
      events: {
        'lowered-1': [full('Lowered'), 'updated LoweredUpdated amount', 'updated LoweredUpdated amount name'],
      },
    },
    'BEFORE ROW that refuses some of the rows': {
      prepare: `insert into refused (name) values ('keep'), ('a')`,
      write: async (manager) => {
        await manager.query(`insert into refused (name) values ('no'), ('b')`);
        await manager.query(`update refused set amount = 1`);
        await manager.query(`delete from refused`);
      },
      events: {
        'refused-2': ['updated RefusedUpdated amount', 'deleted RefusedDeleted'],
        'refused-4': [full('Refused'), 'updated RefusedUpdated amount', 'deleted RefusedDeleted'],
      },
    },
    'BEFORE ROW that writes other rows of the same table': {
      write: (manager) => manager.insert('Paired', { name: 'ann' }),
      events: { 'paired-1': [full('Paired')], 'paired-2': [full('Paired'), 'updated PairedUpdated amount'] },
    },
    'BEFORE ROW that makes an update of a deletion': {
      prepare: `insert into archived (name) values ('a'), ('b')`,
      write: (manager) => manager.delete('Archived', { name: 'a' }),
      events: { 'archived-1': ['updated ArchivedUpdated amount'] },
    },
    'AFTER ROW that writes other captured tables': {
      prepare: `insert into invoice (name) values ('i')`,
      write: async (manager) => {
        await manager.query(`insert into line (name, amount) values ('x', 2), ('y', 3)`);
        await manager.query(`update line set amount = 4 where name = 'x'`);
        await manager.query(`delete from line where name = 'y'`);
      },
      events: {
        'line-1': [full('Line'), 'updated LineUpdated amount'],
        'line-2': [full('Line'), 'deleted LineDeleted'],
        'invoice-1': [
          'updated InvoiceUpdated amount',
          'updated InvoiceUpdated amount',
          'updated InvoiceUpdated amount',
          'updated InvoiceUpdated amount',
        ],
        'journal-1': [full('Journal')],
        'journal-2': [full('Journal')],
        'journal-3': [full('Journal')],
        'journal-4': [full('Journal')],
      },
    },
    'AFTER ROW of an insert that updates the same row': {
      write: `insert into numbered (name) values ('x'), ('y')`,
      events: {
        'numbered-1': [full('Numbered'), 'updated NumberedUpdated name'],
        'numbered-2': [full('Numbered'), 'updated NumberedUpdated name'],
      },
    },
    'AFTER ROW of an update that updates the same row': {
      prepare: `insert into counted (name) values ('x'), ('y')`,
      write: `update counted set name = name || '!'`,
      events: {
        'counted-1': ['updated CountedUpdated name', 'updated CountedUpdated amount'],
        'counted-2': ['updated CountedUpdated name', 'updated CountedUpdated amount'],
      },
    },
    'AFTER ROW of an update that changes the other rows of the same statement': {
      prepare: `insert into mutual (name) values ('x'), ('y')`,
      write: `update mutual set amount = 10 where id = 1`,
      // 1 to 10, then by the trigger 2, 1 and 2, where the depth ends it: 1 is 11 now
      events: {
        'mutual-1': ['updated MutualUpdated amount', 'updated MutualUpdated amount'],
        'mutual-2': ['updated MutualUpdated amount', 'updated MutualUpdated amount'],
      },
    },
    'AFTER ROW of an insert that deletes the same row': {
      write: `insert into rejected (name) values ('yes'), ('no')`,
      events: {
        'rejected-1': [full('Rejected')],
        'rejected-2': [full('Rejected'), 'deleted RejectedDeleted'],
      },
    },
    'AFTER ROW of an update that deletes the same row': {
      prepare: `insert into rejected (name) values ('yes')`,
      write: `update rejected set name = 'no'`,
      events: { 'rejected-1': ['updated RejectedUpdated name', 'deleted RejectedDeleted'] },
    },
    'AFTER ROW of a deletion that puts the row back': {
      prepare: `insert into returned (name) values ('x'), ('y')`,
      write: `delete from returned where name = 'x'`,
      events: { 'returned-1': ['deleted ReturnedDeleted', full('Returned')] },
    },
    'AFTER STATEMENT that updates the same rows': {
      write: `insert into summed (name) values ('x'), ('y')`,
      events: {
        'summed-1': [full('Summed'), 'updated SummedUpdated amount'],
        'summed-2': [full('Summed'), 'updated SummedUpdated amount'],
      },
    },
    'a deferred constraint trigger that updates the same row': {
      write: `insert into checked (name) values ('x'); set constraints all immediate`,
      events: { 'checked-1': [full('Checked'), 'updated CheckedUpdated name'] },
    },
  });
});
