import { useRef, useState } from 'preact/hooks';
import { count } from './amounts.js';
import type { ConsumerAnswer } from './answers.js';
import { address } from './api.js';
import { Moment } from './moment-text.js';
import { ParkedEvents } from './parked-events.js';
import { duration } from './times.js';
import { Trouble } from './trouble.js';
import { type Polled, usePolled } from './use-polled.js';

/** How far each consumer is, what fails, and what is parked; `asked`: by which consumer somebody wants to see it. */
export function ConsumersPage({ asked, changes }: { asked: string | undefined; changes: boolean }) {
  const polled = usePolled<ConsumerAnswer[]>(address('consumers'));
  const rates = useRates(polled);
  const { body = [] } = polled;
  const parked = [...new Set(body.filter((each) => each.parked > 0).map(({ name }) => name))];
  return (
    <>
      <h1 tabIndex={-1}>Consumers</h1>
      <Trouble polled={polled} />
      {polled.body?.length === 0 && (
        <p class="empty">
          No consumer has been started yet: handlers, projections and publishers appear here.
        </p>
      )}
      {body.length > 0 && (
        <table class="plain stacking" role="table" aria-label="Consumers">
          <thead role="rowgroup">
            <tr role="row">
              {['Consumer', 'Works at', 'Behind', 'Per second', 'Waited for', 'Parked', 'Position'].map(
                (heading, index) => (
                  <th key={heading} scope="col" role="columnheader" class={index > 1 ? 'number' : ''}>
                    {heading}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {body.map((each) => (
              <ConsumerRow key={keyOf(each)} consumer={each} perSecond={rates.get(keyOf(each))} />
            ))}
          </tbody>
        </table>
      )}
      {body.length > 0 && (
        <dl class="words">
          <div>
            <dt>Waited for</dt>
            <dd>
              Positions of the log that are still empty, because a transaction that took them goes on or was
              rolled back. They are looked at again, so no event is missed.
            </dd>
          </div>
          <div>
            <dt>Parked</dt>
            <dd>
              Events that could not be handled, and the later ones of their streams, which wait behind them.
            </dd>
          </div>
          <div>
            <dt>Position</dt>
            <dd>Up to there in the log everything was handled or parked, but for what is waited for.</dd>
          </div>
        </dl>
      )}
      {parked.map((name) => (
        <ParkedEvents key={name} consumer={name} asked={name === asked} changes={changes} />
      ))}
    </>
  );
}

function ConsumerRow({ consumer, perSecond }: { consumer: ConsumerAnswer; perSecond: number | undefined }) {
  const {
    name,
    partition,
    place,
    worker,
    lag,
    due,
    lagSeconds,
    gaps,
    parked,
    position,
    error,
    failingSince,
  } = consumer;
  return (
    <tr role="row">
      <th scope="row" role="rowheader">
        {name} <span class="more">partition {partition}</span>
        {place !== null && <span class="more">in {place}</span>}
        {error !== null && (
          <span class="error">
            {failingSince && (
              <>
                failing since <Moment at={failingSince} />:{' '}
              </>
            )}
            {error}
          </span>
        )}
      </th>
      <td role="cell" data-label="Works at">
        {worker ?? <span class="warn">nobody works</span>}
      </td>
      <td role="cell" class="number" data-label="Behind">
        {(due ? due.events === 0 && !due.more : lag === 0) ? (
          <span class="ok">nothing</span>
        ) : (
          <>
            {due ? `${due.more ? 'more than ' : ''}${count(due.events)}` : `at most ${count(lag)}`}
            {lagSeconds !== null && <span class="more">{duration(lagSeconds)}</span>}
          </>
        )}
      </td>
      <td role="cell" class="number" data-label="Per second">
        {perSecond === undefined ? <span class="muted">…</span> : count(perSecond)}
      </td>
      <td role="cell" class="number" data-label="Waited for">
        {count(gaps)}
      </td>
      <td role="cell" class="number" data-label="Parked">
        {parked > 0 ? <b class="bad">{count(parked)}</b> : '0'}
      </td>
      <td role="cell" class="number" data-label="Position">
        {position}
      </td>
    </tr>
  );
}

function keyOf({ name, partition }: ConsumerAnswer): string {
  return `${name} ${partition}`;
}

const windowMs = 10_000;

/** What each has come on by between looks, as the mean of some seconds: nothing in the database knows of it. */
function useRates({ body, at }: Polled<ConsumerAnswer[]>): ReadonlyMap<string, number> {
  const seen = useRef<{ at: number; positions: Map<string, number> }[]>([]);
  const [, setTurn] = useState(0);
  const newest = seen.current.at(-1);
  if (body && at !== undefined && at !== newest?.at) {
    const positions = new Map(body.map((each) => [keyOf(each), Number(each.position)]));
    seen.current = [...seen.current.filter((each) => at - each.at <= windowMs), { at, positions }];
    if (seen.current.length === 1) setTurn((turn) => turn + 1);
  }
  const [first] = seen.current;
  const last = seen.current.at(-1);
  if (!first || !last || first === last) return new Map();
  return new Map(
    [...last.positions].map(([key, position]) => [
      key,
      Math.max(0, position - (first.positions.get(key) ?? position)) / ((last.at - first.at) / 1000),
    ]),
  );
}
