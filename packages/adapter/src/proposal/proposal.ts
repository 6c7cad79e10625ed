/** Something that is proposed, and why. */
export interface Proposed {
  readonly name: string;
  readonly reason: string;
}

export interface ProposedAggregate {
  readonly entity: string;
  /** The category, where it should be another than the default. */
  readonly category?: Proposed;
  /** Relation paths. */
  readonly owns: readonly Proposed[];
  /** Property paths that never go into an event. */
  readonly exclude: readonly Proposed[];
  /** Property paths that look like data of a person, which may have to be erased some day. They stay in. */
  readonly personal: readonly Proposed[];
  /** Relations that look like parts and are not proposed. */
  readonly notOwned: readonly Proposed[];
}

/** A configuration for an application that has none, to be looked through by somebody who knows it. */
export interface Proposal {
  /** Those of which there is something to say; all others have a stream for each row. */
  readonly aggregates: readonly ProposedAggregate[];
  /** Entities to leave out. */
  readonly exclude: readonly Proposed[];
}
