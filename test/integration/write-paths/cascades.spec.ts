import type { EntityManager } from 'typeorm';
import { Badge, Locker, Member, member, Skill, Team, teamEntities } from './entities-relations.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

/** Two teams; members 1 and 2 and both badges in the first; skills 1 and 2 are of member 1, who has locker 1. */
const club = `
  insert into team (name) values ('red'), ('blue');
  insert into locker (label) values ('l1');
  insert into member (name, "teamId", "lockerId") values ('ann', 1, 1), ('bob', 1, null);
  insert into badge (label, "teamId") values ('b1', 1), ('b2', 1);
  insert into skill (name) values ('run'), ('swim');
  insert into member_skills_skill ("memberId", "skillId") values (1, 1), (1, 2)`;

const team = (manager: EntityManager, id: number): Promise<Team> =>
  manager.findOneOrFail(Team, { where: { id }, relations: { members: true, badges: true } });
const ann = (manager: EntityManager): Promise<Member> =>
  manager.findOneOrFail(Member, { where: { id: 1 }, relations: { skills: true, locker: true, team: true } });

const joined = ['created MemberSkillsSkillCreated memberId skillId'];
const left = ['deleted MemberSkillsSkillDeleted'];
const moved = ['updated MemberUpdated team.id'];
const newMember = [`created MemberCreated ${member}`];

describe('cascades of save() and remove()', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround(teamEntities);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'insert of a whole graph': {
      write: (manager) =>
        manager.save(
          manager.create(Team, {
            name: 'red',
            members: [{ name: 'ann', locker: { label: 'l' }, skills: [{ name: 'run' }] }, { name: 'bob' }],
            badges: [{ label: 'b' }],
          }),
        ),
      events: {
        'team-1': ['created TeamCreated id name'],
        'locker-1': ['created LockerCreated id label'],
        'member-1': newMember,
        'member-2': newMember,
        'badge-1': ['created BadgeCreated id label team.id'],
        'skill-1': ['created SkillCreated id name'],
        'memberSkillsSkill-1:1': joined,
      },
    },
    'update through the parent': {
      prepare: club,
      write: async (manager) => {
        const red = await team(manager, 1);
        red.name = 'crimson';
        red.members.sort((a, b) => a.id - b.id)[1]!.name = 'bobby';
        await manager.save(red);
      },
      events: { 'team-1': ['updated TeamUpdated name'], 'member-2': ['updated MemberUpdated name'] },
    },
    'update through a one-to-one and a many-to-many': {
      prepare: club,
      write: async (manager) => {
        const found = await ann(manager);
        found.locker!.label = 'changed';
        found.skills.find(({ id }) => id === 2)!.name = 'dive';
        await manager.save(found);
      },
      events: { 'locker-1': ['updated LockerUpdated label'], 'skill-2': ['updated SkillUpdated name'] },
    },
    'a new child and a child of another parent': {
      prepare: club,
      write: async (manager) => {
        const blue = await team(manager, 2);
        blue.members = [
          await manager.findOneByOrFail(Member, { id: 2 }),
          manager.create(Member, { name: 'cat' }),
        ];
        await manager.save(blue);
      },
      events: { 'member-2': moved, 'member-3': newMember },
    },
    'a new parent by save() of the child': {
      prepare: club,
      write: async (manager) => {
        const found = await ann(manager);
        found.team = await manager.findOneByOrFail(Team, { id: 2 });
        await manager.save(found);
      },
      events: { 'member-1': moved },
    },
    'orphans that stay': {
      prepare: club,
      write: async (manager) => {
        const red = await team(manager, 1);
        red.members = red.members.filter(({ id }) => id !== 2);
        await manager.save(red);
      },
      events: { 'member-2': moved },
    },
    'orphans that go': {
      prepare: club,
      write: async (manager) => {
        const red = await team(manager, 1);
        red.badges = red.badges.filter(({ id }) => id !== 1);
        await manager.save(red);
      },
      events: { 'badge-1': ['deleted BadgeDeleted'] },
    },
    'junction rows that come, stay and go by save()': {
      prepare: club,
      write: async (manager) => {
        const found = await ann(manager);
        found.skills = [
          ...found.skills.filter(({ id }) => id === 2),
          manager.create(Skill, { name: 'jump' }),
        ];
        await manager.save(found);
      },
      events: {
        'skill-3': ['created SkillCreated id name'],
        'memberSkillsSkill-1:1': left,
        'memberSkillsSkill-1:3': joined,
      },
    },
    'remove() of the owner of junction rows': {
      prepare: club,
      write: async (manager) => manager.remove(await manager.findOneByOrFail(Member, { id: 1 })),
      events: {
        'member-1': ['deleted MemberDeleted'],
        'memberSkillsSkill-1:1': left,
        'memberSkillsSkill-1:2': left,
      },
    },
    'remove() of the other side of junction rows': {
      prepare: club,
      write: async (manager) => manager.remove(await manager.findOneByOrFail(Skill, { id: 2 })),
      events: { 'skill-2': ['deleted SkillDeleted'], 'memberSkillsSkill-1:2': left },
    },
    'one entity saved together with others of other tables': {
      prepare: club,
      write: (manager) =>
        manager.save([
          manager.create(Badge, { label: 'b3' }),
          manager.create(Locker, { id: 1, label: 'changed' }),
          manager.create(Team, { name: 'green' }),
        ]),
      events: {
        'badge-3': ['created BadgeCreated id label team.id'],
        'locker-1': ['updated LockerUpdated label'],
        'team-3': ['created TeamCreated id name'],
      },
    },
  });
});
