import { accountEntities } from './entities-relations.js';
import { entity } from './entities-triggers.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

const accounts = `insert into account (name) values ('a'), ('b'), ('c')`;
const deleted = (entity: string) => [`deleted ${entity}Deleted`];

const reference = { type: 'int', nullable: true } as const;
const Root = entity('Root');
const Middle = entity('Middle', { root: reference });
const Leaf = entity('Leaf', { first: reference, second: reference, middle: reference });

/** PostgreSQL acts on foreign keys in the order in which they were made. */
const foreignKeys = `
  alter table leaf add foreign key (first) references root on delete set null;
  alter table leaf add foreign key (second) references root on delete cascade;
  alter table middle add foreign key (root) references root on delete cascade;
  alter table leaf add foreign key (middle) references middle on delete set null`;

describe('what foreign keys do', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround([...accountEntities, Root, Middle, Leaf], foreignKeys);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'ON DELETE CASCADE, over two tables': {
      prepare: `${accounts}; insert into card ("accountId") values (1), (1), (2);
                insert into payment ("cardId") values (1), (2), (3)`,
      write: `delete from account where id = 1`,
      events: {
        'account-1': deleted('Account'),
        'card-1': deleted('Card'),
        'card-2': deleted('Card'),
        'payment-1': deleted('Payment'),
        'payment-2': deleted('Payment'),
      },
    },
    'ON DELETE SET NULL': {
      prepare: `${accounts}; insert into transfer ("fromId", "toId") values (1, 2), (3, 1), (2, 3)`,
      write: `delete from account where id = 1`,
      events: {
        'account-1': deleted('Account'),
        'transfer-1': ['updated TransferUpdated from.id'],
        'transfer-2': ['updated TransferUpdated to.id'],
      },
    },
    'ON DELETE SET NULL of two columns of the same row': {
      prepare: `${accounts}; insert into transfer ("fromId", "toId") values (1, 1)`,
      write: `delete from account where id = 1`,
      events: {
        'account-1': deleted('Account'),
        'transfer-1': ['updated TransferUpdated from.id', 'updated TransferUpdated to.id'],
      },
    },
    'ON DELETE SET NULL of two columns of the same row, by two deleted rows': {
      prepare: `${accounts}; insert into transfer ("fromId", "toId") values (1, 2)`,
      write: `delete from account where id in (1, 2)`,
      events: {
        'account-1': deleted('Account'),
        'account-2': deleted('Account'),
        'transfer-1': ['updated TransferUpdated from.id', 'updated TransferUpdated to.id'],
      },
    },
    'ON UPDATE CASCADE': {
      prepare: `${accounts}; insert into card ("accountId") values (1), (2)`,
      write: `update account set id = 9 where id = 1`,
      events: {
        'account-1': deleted('Account'),
        'account-9': ['created AccountCreated id name'],
        'card-1': ['updated CardUpdated account.id'],
      },
    },
    'ON UPDATE CASCADE of two columns of the same row': {
      prepare: `${accounts}; insert into transfer ("fromId", "toId") values (1, 1)`,
      write: `update account set id = 9 where id = 1`,
      events: {
        'account-1': deleted('Account'),
        'account-9': ['created AccountCreated id name'],
        'transfer-1': ['updated TransferUpdated from.id', 'updated TransferUpdated to.id'],
      },
    },
    'a row that loses its reference and is then deleted by the same statement, on two ways': {
      prepare: `${accounts}; insert into card ("accountId") values (1); insert into payment ("cardId", "payeeId") values (1, 1)`,
      write: `delete from account where id = 1`,
      events: {
        'account-1': deleted('Account'),
        'card-1': deleted('Card'),
        'payment-1': ['updated PaymentUpdated payee.id', ...deleted('Payment')],
      },
    },
    'a tree of rows of one table, deleted from its root': {
      prepare: `insert into employee (name, "bossId") values ('root', null), ('x', 1), ('y', 2), ('other', null)`,
      write: `delete from employee where id = 1`,
      events: {
        'employee-1': deleted('Employee'),
        'employee-2': deleted('Employee'),
        'employee-3': deleted('Employee'),
      },
    },
    'rows of the same table that lose their reference': {
      prepare: `insert into employee (name, "mentorId") values ('root', null), ('x', 1), ('y', 1), ('z', 3)`,
      write: `delete from employee where id = 1`,
      events: {
        'employee-1': deleted('Employee'),
        'employee-2': ['updated EmployeeUpdated mentor.id'],
        'employee-3': ['updated EmployeeUpdated mentor.id'],
      },
    },
    'a change of key that other rows of the same table follow': {
      prepare: `insert into employee (name, "bossId") values ('root', null), ('x', 1)`,
      write: `update employee set id = 9 where id = 1`,
      events: {
        'employee-1': deleted('Employee'),
        'employee-9': ['created EmployeeCreated boss.id id mentor.id name'],
        'employee-2': ['updated EmployeeUpdated boss.id'],
      },
    },
    'a change of key of a row that refers to itself': {
      prepare: `insert into employee (name) values ('root'); update employee set "mentorId" = 1`,
      write: `update employee set id = 9 where id = 1`,
      events: {
        'employee-1': deleted('Employee'),
        'employee-9': [
          'created EmployeeCreated boss.id id mentor.id name',
          'updated EmployeeUpdated mentor.id',
        ],
      },
    },
    'a row that loses its reference and goes, while another loses its reference one table further on': {
      prepare: `insert into root (name) values ('r'); insert into middle (name, root) values ('m', 1);
                insert into leaf (name, first, second, middle) values ('goes', 1, 1, null), ('stays', null, null, 1)`,
      write: `delete from root`,
      events: {
        'root-1': deleted('Root'),
        'middle-1': deleted('Middle'),
        'leaf-1': ['updated LeafUpdated first', ...deleted('Leaf')],
        'leaf-2': ['updated LeafUpdated middle'],
      },
    },
    'a change of key that the row itself and another column of its follower follow': {
      prepare: `insert into employee (name) values ('root'), ('x');
                update employee set "bossId" = 1, "mentorId" = 1 where id = 2`,
      write: `update employee set id = 9, name = 'changed' where id = 1`,
      events: {
        'employee-1': deleted('Employee'),
        'employee-9': ['created EmployeeCreated boss.id id mentor.id name'],
        'employee-2': ['updated EmployeeUpdated boss.id', 'updated EmployeeUpdated mentor.id'],
      },
    },
  });
});
