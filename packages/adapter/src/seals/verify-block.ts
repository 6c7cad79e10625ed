import { streamName } from '../event/index.js';
import type { PositionRange } from '../outbox/index.js';
import type { SealBlock } from './block.js';
import { gapsOf, positionsBeside } from './gaps.js';
import { commitmentOf, leafOf } from './leaf.js';
import { isMarkedErased } from './is-marked-erased.js';
import { merkleRoot, nodeAt } from './merkle-tree.js';
import type { EventAtPosition } from './read-sealed-events.js';
import type { SealDifference } from './seal-difference.js';

/** What a leaf says of data and metadata, as it is kept. */
export interface KeptCommitment {
  readonly salt: string | null;
  readonly commitment: string;
}

/** A block, its list of leaves, and what becomes of it as its events are looked at, in the order of their positions. */
export class BlockVerification {
  erased = 0;
  standIns = 0;
  private readonly expected: Iterator<bigint, undefined, undefined>;
  private readonly leavesHold: boolean;
  /** Without it nobody knows which events should be here. */
  private readonly isWhole: boolean;
  private readonly actual: string[] = [];
  private next: bigint | undefined;
  private index = 0;

  constructor(
    readonly block: SealBlock,
    private readonly leaves: Buffer,
    private readonly differs: (difference: SealDifference) => void,
  ) {
    const gaps = gapsOf(block.gaps);
    this.leavesHold =
      leaves.length === 32 * block.events && merkleRoot(leaves).toString('hex') === block.root;
    this.isWhole = gaps !== undefined && countBeside(gaps, block) === BigInt(block.events);
    if (!this.isWhole)
      this.blockDiffers('its positions and gaps are not as many as its events: they were changed');
    this.expected = positionsBeside(gaps ?? [], BigInt(block.from), BigInt(this.isWhole ? block.to : 0));
    this.advance();
  }

  /** Events of this block, ascending. */
  take(each: EventAtPosition, kept: KeptCommitment | undefined): void {
    if (!this.isWhole) return;
    while (this.next !== undefined && this.next < each.position) this.missing(this.next);
    const event = nameOf(each);
    const { block } = this;
    const position = String(each.position);
    if (this.next !== each.position) {
      const problem = 'an event stands at a position that had none when it was sealed';
      this.differs({ kind: 'inserted', position, event, block: block.number, problem });
      return;
    }
    if (each.others > 0) {
      const problem = 'there are several events at this position, in the log and in its archive';
      this.differs({ kind: 'inserted', position, event, block: block.number, problem });
    }
    if (each.hasStandIn) this.standIns++;
    const found = this.look(each, kept);
    if (found) this.differs({ ...found, position, event, block: block.number });
    this.index++;
    this.advance();
  }

  /** When all of its events were looked at. */
  end(): void {
    while (this.next !== undefined) this.missing(this.next);
    if (this.leavesHold || !this.isWhole) return;
    const eventsHold =
      this.actual.length === this.block.events &&
      merkleRoot(Buffer.from(this.actual.join(''), 'latin1')).toString('hex') === this.block.root;
    this.blockDiffers(
      eventsHold
        ? 'its list of leaves was changed; its events are as they were sealed'
        : 'its list of leaves was changed, so that it does not tell which of its events differ',
    );
  }

  private advance(): void {
    this.next = this.expected.next().value;
  }

  private missing(position: bigint): void {
    const problem = 'it is not here: it was removed, moved, or its archive is elsewhere';
    this.differs({ kind: 'missing', position: String(position), block: this.block.number, problem });
    this.index++;
    this.advance();
  }

  private blockDiffers(problem: string): void {
    const { number, from } = this.block;
    this.differs({ kind: 'block', position: from, block: number, problem });
  }

  /** What is wrong with an event, in words. */
  private look(
    { event, metadata, standsAlone }: EventAtPosition,
    kept: KeptCommitment | undefined,
  ): Pick<SealDifference, 'kind' | 'problem'> | undefined {
    const changed = (problem: string) => ({ kind: 'changed' as const, problem });
    if (!kept) return changed('its commitment is gone, so nobody can tell whether it is as it was');
    const { salt, commitment } = kept;
    const isErased = isMarkedErased(metadata);
    const own = salt === null ? commitment : commitmentOf(event, salt);
    const leaf = leafOf(event, metadata, own);
    if (!this.leavesHold) this.actual.push(leaf);
    const sealed = nodeAt(this.leaves, this.index);
    if (this.leavesHold && leaf !== sealed) {
      if (standsAlone)
        return {
          kind: 'missing',
          problem: 'only what stands for it is here: its archive is elsewhere, or it was removed',
        };
      if (leafOf(event, metadata, commitment) !== sealed)
        return changed(
          own === commitment
            ? 'its stream, position, type, time, version, kind of change or ids in metadata were changed'
            : 'it was changed, or its commitment was',
        );
      return changed(
        isErased
          ? 'its data or metadata were changed; it is marked as erased, but its salt is still there'
          : 'its data or metadata were changed',
      );
    }
    if (own !== commitment)
      return changed('its commitment was changed; the event itself is as it was sealed');
    if (salt !== null) return undefined;
    if (!isErased)
      return changed(
        'its salt is gone, but it is not marked as erased: nobody can tell whether its data are as they were',
      );
    this.erased++;
    return undefined;
  }
}

function countBeside(gaps: readonly PositionRange[], { from, to }: SealBlock): bigint {
  return gaps.reduce((sum, gap) => sum - (gap.to - gap.from + 1n), BigInt(to) - BigInt(from) + 1n);
}

function nameOf({ event }: EventAtPosition): string {
  return `${streamName(event.category, event.streamId)}@${event.streamPosition}`;
}
