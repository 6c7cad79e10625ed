/** Something that is not as it was sealed. */
export interface SealDifference {
  /**
   * `changed`: an event says something else. `missing`: it is not here. `inserted`: an event stands where there was none. `block`: a block,
   * or what belongs to it, was changed or is gone. `digest`: a block is not the one whose digest is kept outside.
   */
  readonly kind: 'changed' | 'missing' | 'inserted' | 'block' | 'digest';
  /** Global position; of a block or a digest its first one, where that is known. */
  readonly position?: string;
  /** `order-42@3`, where the event is there. */
  readonly event?: string;
  readonly block: number;
  /** In words. */
  readonly problem: string;
}
