import 'reflect-metadata';
import {
  Column,
  Entity,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';

@Entity()
export class Team {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;

  /** Orphans stay, without a team. */
  @OneToMany(() => Member, (member) => member.team, { cascade: true })
  members: Relation<Member>[];

  /** Orphans go. */
  @OneToMany(() => Badge, (badge) => badge.team, { cascade: true })
  badges: Relation<Badge>[];
}

@Entity()
export class Member {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;

  @ManyToOne(() => Team, (team) => team.members, { nullable: true })
  team: Relation<Team> | null;

  @OneToOne(() => Locker, { cascade: true, nullable: true })
  @JoinColumn()
  locker: Relation<Locker> | null;

  @ManyToMany(() => Skill, (skill) => skill.members, { cascade: true })
  @JoinTable()
  skills: Relation<Skill>[];
}

export const member = 'id locker.id name team.id';

@Entity()
export class Badge {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  label: string;

  @ManyToOne(() => Team, (team) => team.badges, { nullable: true, orphanedRowAction: 'delete' })
  team: Relation<Team> | null;
}

@Entity()
export class Locker {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  label: string;
}

@Entity()
export class Skill {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;

  @ManyToMany(() => Member, (m) => m.skills)
  members: Relation<Member>[];
}

export const teamEntities = [Team, Member, Badge, Locker, Skill];

/** What foreign keys do by themselves. */
@Entity()
export class Account {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;
}

/** Two foreign keys to the same table: both may point to the same row. */
@Entity()
export class Transfer {
  @PrimaryGeneratedColumn()
  id: number;

  @ManyToOne(() => Account, { nullable: true, onDelete: 'SET NULL', onUpdate: 'CASCADE' })
  from: Relation<Account> | null;

  @ManyToOne(() => Account, { nullable: true, onDelete: 'SET NULL', onUpdate: 'CASCADE' })
  to: Relation<Account> | null;
}

@Entity()
export class Card {
  @PrimaryGeneratedColumn()
  id: number;

  @ManyToOne(() => Account, { nullable: false, onDelete: 'CASCADE', onUpdate: 'CASCADE' })
  account: Relation<Account>;
}

@Entity()
export class Payment {
  @PrimaryGeneratedColumn()
  id: number;

  @ManyToOne(() => Card, { nullable: true, onDelete: 'CASCADE' })
  card: Relation<Card> | null;

  @ManyToOne(() => Account, { nullable: true, onDelete: 'SET NULL' })
  payee: Relation<Account> | null;
}

/** A foreign key to its own table. */
@Entity()
export class Employee {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;

  @ManyToOne(() => Employee, { nullable: true, onDelete: 'CASCADE', onUpdate: 'CASCADE' })
  boss: Relation<Employee> | null;

  @ManyToOne(() => Employee, { nullable: true, onDelete: 'SET NULL', onUpdate: 'CASCADE' })
  mentor: Relation<Employee> | null;
}

export const accountEntities = [Account, Transfer, Card, Payment, Employee];
