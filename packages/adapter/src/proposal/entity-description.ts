/** A relation of an entity whose foreign key, or join table, is on the other side: what it could own. */
export interface RelationDescription {
  /** Property path, as `owns` names it. */
  readonly path: string;
  /** Name of the entity at its other end. */
  readonly target: string;
  /** Its rows are those of a join table. */
  readonly joinTable?: string;
  /** Why that can't be captured, where it can't. */
  readonly joinTableRefusal?: string;
  /** The other row can't be without this one: its foreign key is NOT NULL. */
  readonly required: boolean;
  /** The database deletes the other row with this one. */
  readonly deletedByDatabase: boolean;
  /** TypeORM saves the others with this one. */
  readonly savedTogether: boolean;
  /** TypeORM also inserts the others with this one, or deletes those that have lost it. */
  readonly bornTogether: boolean;
  /** There are rows without this one, as PostgreSQL's statistics say. */
  readonly hasStrays: boolean;
  /** Why it can't be owned, where it can't. */
  readonly refusal?: string;
}

/** What a proposal is made of: an entity as TypeORM and PostgreSQL know it. */
export interface EntityDescription {
  readonly name: string;
  readonly table: string;
  /** Property paths of columns that may be excluded: no keys, no foreign keys. */
  readonly properties: readonly string[];
  readonly columns: readonly string[];
  readonly relations: readonly RelationDescription[];
  /** Names of entities that a foreign key of this one leads to. */
  readonly refersTo: readonly string[];
  /** Why it can't be captured, where it can't. */
  readonly refusal?: string;
}
