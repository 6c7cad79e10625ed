import {
  Column,
  Entity,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  JoinColumn,
  type Relation,
  ViewEntity,
  ViewColumn,
} from 'typeorm';

/** What a payment is made with, inside of an account. */
export class Card {
  @Column({ type: 'text', nullable: true })
  cardNumber: string | null;

  @Column({ type: 'text', nullable: true })
  holder: string | null;
}

@Entity()
export class Account {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  email: string;

  @Column({ name: 'password_hash', type: 'text', default: '' })
  passwordHash: string;

  @Column({ name: 'api_key', type: 'text', nullable: true })
  apiKey: string | null;

  @Column({ type: 'text', nullable: true })
  keyboard: string | null;

  @Column(() => Card)
  card: Card;

  @OneToOne(() => Profile, (profile) => profile.account, { cascade: true })
  profile: Relation<Profile>;

  @OneToMany(() => Invoice, (invoice) => invoice.account, { cascade: true })
  invoices: Relation<Invoice>[];

  @OneToMany(() => Device, (device) => device.account, { cascade: true })
  devices: Relation<Device>[];

  @OneToMany(() => VATRateEntity, (rate) => rate.account, { cascade: ['update'] })
  rates: Relation<VATRateEntity>[];
}

@Entity()
export class Profile {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text', default: '' })
  bio: string;

  @OneToOne(() => Account, (account) => account.profile, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn()
  account: Relation<Account>;

  @OneToMany(() => Link, (link) => link.profile, { cascade: true })
  links: Relation<Link>[];
}

/** A part of a part. */
@Entity()
export class Link {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  url: string;

  @ManyToOne(() => Profile, (profile) => profile.links, { nullable: false, onDelete: 'CASCADE' })
  profile: Relation<Profile>;
}

/** Saved with its account and required, but others refer to it. */
@Entity()
export class Invoice {
  @PrimaryGeneratedColumn()
  id: number;

  @ManyToOne(() => Account, (account) => account.invoices, { nullable: false })
  account: Relation<Account>;

  @ManyToMany(() => Label)
  @JoinTable()
  labels: Label[];
}

@Entity()
export class Payment {
  @PrimaryGeneratedColumn()
  id: number;

  @ManyToOne(() => Invoice, { nullable: false })
  invoice: Relation<Invoice>;
}

/** Its foreign key may be null, as it is by TypeORM's default; it is inserted with its account. */
@Entity()
export class Device {
  @PrimaryGeneratedColumn()
  id: number;

  @ManyToOne(() => Account, (account) => account.devices)
  account: Relation<Account> | null;
}

/** Its foreign key may be null, and whoever saves its account only changes it. */
@Entity({ name: 'vat_rates' })
export class VATRateEntity {
  @PrimaryGeneratedColumn()
  id: number;

  @ManyToOne(() => Account, (account) => account.rates)
  account: Relation<Account> | null;
}

@Entity()
export class Label {
  @PrimaryColumn({ type: 'text' })
  name: string;
}

@Entity({ name: 'web_sessions' })
export class WebSession {
  @PrimaryColumn({ type: 'text' })
  token: string;
}

/** A queue by its columns only. */
@Entity()
export class Errand {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'jsonb' })
  payload: object;

  @Column({ type: 'int', default: 0 })
  attempts: number;
}

@ViewEntity({ expression: 'select 1 as one' })
export class One {
  @ViewColumn()
  one: number;
}

export const accountEntities = [
  Account,
  Profile,
  Link,
  Invoice,
  Payment,
  Device,
  VATRateEntity,
  Label,
  WebSession,
  Errand,
  One,
];
