import { Item, item } from './entities.js';
import { teamEntities } from './entities-relations.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

const three = `insert into item (code, name) values ('a', 'A'), ('b', 'B'), ('c', 'C')`;
const created = `created ItemCreated ${item}`;
const deleted = 'deleted ItemDeleted';
const club = `
  insert into team (name) values ('red'), ('blue');
  insert into member (name, "teamId") values ('ann', 1);
  insert into badge (label, "teamId") values ('b', 2);
  insert into skill (name) values ('run');
  insert into member_skills_skill ("memberId", "skillId") values (1, 1)`;

describe('TRUNCATE', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround([Item, ...teamEntities]);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'clear()': {
      prepare: three,
      write: (manager) => manager.clear(Item),
      events: { 'item-1': [deleted], 'item-2': [deleted], 'item-3': [deleted] },
    },
    'clear() of an empty table': {
      write: (manager) => manager.clear(Item),
      events: {},
    },
    'clear() of soft-deleted rows, and of some that are gone already': {
      prepare: `${three}; delete from item where id = 2; update item set "deletedAt" = now() where id = 3`,
      write: (manager) => manager.clear(Item),
      events: { 'item-1': [deleted], 'item-3': [deleted] },
    },
    'RESTART IDENTITY, and new rows under the old keys': {
      prepare: three,
      write: `truncate item restart identity; insert into item (code, name) values ('new', 'N')`,
      events: { 'item-1': [deleted, created], 'item-2': [deleted], 'item-3': [deleted] },
    },
    'CASCADE, which takes along every table that refers to it': {
      prepare: club,
      write: `truncate team cascade`,
      events: {
        'team-1': ['deleted TeamDeleted'],
        'team-2': ['deleted TeamDeleted'],
        'member-1': ['deleted MemberDeleted'],
        'badge-1': ['deleted BadgeDeleted'],
        'memberSkillsSkill-1:1': ['deleted MemberSkillsSkillDeleted'],
      },
    },
    'of several tables at once': {
      prepare: `${club}; ${three}`,
      write: `truncate item, badge restart identity`,
      events: {
        'item-1': [deleted],
        'item-2': [deleted],
        'item-3': [deleted],
        'badge-1': ['deleted BadgeDeleted'],
      },
    },
  });
});
