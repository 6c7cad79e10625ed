import { Member, Skill, Team, teamEntities } from './entities-relations.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

/** Two teams; members 1 and 2 in the first, 3 in none; skills 1 to 3, of which member 1 has the first two. */
const club = `
  insert into team (name) values ('red'), ('blue');
  insert into member (name, "teamId") values ('ann', 1), ('bob', 1), ('cat', null);
  insert into skill (name) values ('run'), ('swim'), ('jump');
  insert into member_skills_skill ("memberId", "skillId") values (1, 1), (1, 2)`;
const joined = ['created MemberSkillsSkillCreated memberId skillId'];
const left = ['deleted MemberSkillsSkillDeleted'];
const moved = ['updated MemberUpdated team.id'];

describe('relation query builders', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround(teamEntities);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'many-to-many add()': {
      prepare: club,
      write: (manager) => manager.createQueryBuilder().relation(Member, 'skills').of(2).add([1, 3]),
      events: { 'memberSkillsSkill-2:1': joined, 'memberSkillsSkill-2:3': joined },
    },
    'many-to-many add() from the other side': {
      prepare: club,
      write: (manager) => manager.createQueryBuilder().relation(Skill, 'members').of(3).add([1, 2]),
      events: { 'memberSkillsSkill-1:3': joined, 'memberSkillsSkill-2:3': joined },
    },
    'many-to-many remove()': {
      prepare: club,
      write: (manager) => manager.createQueryBuilder().relation(Member, 'skills').of(1).remove([2, 3]),
      events: { 'memberSkillsSkill-1:2': left },
    },
    'many-to-many addAndRemove()': {
      prepare: club,
      write: (manager) =>
        manager.createQueryBuilder().relation(Member, 'skills').of(1).addAndRemove([3], [1]),
      events: { 'memberSkillsSkill-1:1': left, 'memberSkillsSkill-1:3': joined },
    },
    'many-to-many remove() and add() again': {
      prepare: club,
      write: async (manager) => {
        await manager.createQueryBuilder().relation(Member, 'skills').of(1).remove(1);
        await manager.createQueryBuilder().relation(Member, 'skills').of(1).add(1);
      },
      events: { 'memberSkillsSkill-1:1': [...left, ...joined] },
    },
    'one-to-many add()': {
      prepare: club,
      write: (manager) => manager.createQueryBuilder().relation(Team, 'members').of(2).add([1, 3]),
      events: { 'member-1': moved, 'member-3': moved },
    },
    'one-to-many remove()': {
      prepare: club,
      write: (manager) => manager.createQueryBuilder().relation(Team, 'members').of(1).remove([1, 2]),
      events: { 'member-1': moved, 'member-2': moved },
    },
    'one-to-many addAndRemove()': {
      prepare: club,
      write: (manager) => manager.createQueryBuilder().relation(Team, 'members').of(1).addAndRemove([3], [2]),
      events: { 'member-2': moved, 'member-3': moved },
    },
    'many-to-one set()': {
      prepare: club,
      write: (manager) => manager.createQueryBuilder().relation(Member, 'team').of([1, 3]).set(2),
      events: { 'member-1': moved, 'member-3': moved },
    },
    'many-to-one set() to what it is already': {
      prepare: club,
      write: (manager) => manager.createQueryBuilder().relation(Member, 'team').of(1).set(1),
      events: {},
    },
    'many-to-one set(null)': {
      prepare: club,
      write: (manager) => manager.createQueryBuilder().relation(Member, 'team').of(1).set(null),
      events: { 'member-1': moved },
    },
    'one-to-one set()': {
      prepare: `${club}; insert into locker (label) values ('l')`,
      write: (manager) => manager.createQueryBuilder().relation(Member, 'locker').of(2).set(1),
      events: { 'member-2': ['updated MemberUpdated locker.id'] },
    },
  });
});
