import type { CloudEvent } from '../cloud-events/index.js';

/** Where an event stands that has come. */
export interface Arrival {
  readonly position: bigint;
  /** 0 for the first. */
  readonly epoch: bigint;
  /** Where the epoch begins in the publisher's log. */
  readonly epochPosition: bigint | undefined;
  /** Of the event before it in its stream. */
  readonly previousEpoch: bigint;
  /** In the publisher's log; undefined where that says nothing of its order. */
  readonly place: bigint | undefined;
}

/** How far a stream has been handled. */
export interface StreamState {
  readonly first: bigint;
  readonly last: bigint;
  readonly epoch: bigint;
  /** The first position of the stream in that epoch. */
  readonly began: bigint;
  /** Of the last one. */
  readonly place: bigint | undefined;
}

const wholeNumber = /^\d+$/;

/** Undefined for an event without a place in a stream. */
export function arrivalOf(event: CloudEvent): Arrival | undefined {
  if (!event.subject || !/^[1-9]\d*$/.test(event.streamposition ?? '')) return undefined;
  const epoch = numberIn(event.epoch) ?? 0n;
  return {
    position: BigInt(event.streamposition),
    epoch,
    epochPosition: numberIn(event.epochposition),
    previousEpoch: numberIn(event.previousepoch) ?? epoch,
    place: isCaptured(event) ? numberIn(event.globalposition) : undefined,
  };
}

/** What is to be done with an event: an epoch that goes on behind what was handled, or before it, replaces what is there. */
export function turnOf(
  state: StreamState,
  { position, epoch, previousEpoch }: Arrival,
): 'now' | 'duplicate' | 'superseded' | 'waiting' {
  if (epoch < state.epoch) return position < state.began ? 'duplicate' : 'superseded';
  if (epoch > state.epoch)
    return previousEpoch <= state.epoch && position <= state.last + 1n ? 'now' : 'waiting';
  if (position <= state.last) return 'duplicate';
  return position === state.last + 1n ? 'now' : 'waiting';
}

/** In one epoch later events of a stream are later in the log: else this is another event than the one that was handled. */
export function contradicts(state: StreamState, { position, epoch, place }: Arrival): boolean {
  if (epoch !== state.epoch || place === undefined || state.place === undefined) return false;
  if (position === state.last) return place !== state.place;
  return position < state.last ? place > state.place : place < state.place;
}

export function stateAfter(state: StreamState, { position, epoch, place }: Arrival): StreamState {
  return {
    first: position < state.first ? position : state.first,
    last: position,
    epoch,
    began: epoch === state.epoch ? state.began : position,
    place,
  };
}

function numberIn(text: string | undefined): bigint | undefined {
  return text !== undefined && wholeNumber.test(text) ? BigInt(text) : undefined;
}

/** What repair fills in, and what stands for archived events, comes later in the log than its place in the stream says. */
function isCaptured({ metadata }: CloudEvent): boolean {
  if (metadata === undefined) return false;
  try {
    const known = JSON.parse(metadata) as Record<string, unknown> | null;
    return known?.['origin'] === 'capture' && !('filled' in known);
  } catch {
    return false;
  }
}
