import { commandHere } from './command-here.js';
import { count } from './amounts.js';
import type { AggregateAnswer } from './answers.js';
import { change } from './api.js';
import { Command } from './command.js';
import { Moment } from './moment-text.js';
import type { Decision } from './reason-dialog.js';

const workNames = { verify: 'Verify', repair: 'Repair', backfill: 'Backfill' };

interface ProofSectionProps {
  aggregate: AggregateAnswer;
  changes: boolean;
  ask: (decision: Decision) => void;
}

/** What has been compared so far. */
export function ProofSection({ aggregate: { status, name, work }, changes, ask }: ProofSectionProps) {
  const { backfill, verified, shadow, stage } = status;
  const busy = work !== null && work.finishedAt === null;
  return (
    <section aria-labelledby="proof">
      <div class="section-head">
        <h2 id="proof">Proof</h2>
        {changes && stage !== 'off' && (
          <button
            type="button"
            disabled={busy}
            onClick={() =>
              ask({
                title: `Verify ${name}?`,
                explanation: (
                  <p>
                    Compares every row with the replay of its events, inside the database. Nothing is locked;
                    a large table is read to its end.
                  </p>
                ),
                confirm: 'Verify',
                asksReason: false,
                decide: () => change('verify', { aggregate: name }),
              })
            }
          >
            Verify…
          </button>
        )}
      </div>
      {stage !== 'off' && !backfill?.completedAt && (
        <div class="panel">
          <h3>Backfill first</h3>
          <p>
            Rows that were there before capture began have no first event yet, so a verify can’t compare them.
            The backfill writes one for each, in small chunks, while the application goes on.
          </p>
          {changes ? (
            <div class="actions">
              <button
                type="button"
                disabled={busy}
                onClick={() =>
                  ask({
                    title: `Backfill ${name}?`,
                    explanation: (
                      <p>
                        Runs in the background of this process, and goes on where it was interrupted when it
                        is begun again. For a large table{' '}
                        <code>{commandHere(`npx backstory backfill ${name}`)}</code> can be throttled.
                      </p>
                    ),
                    confirm: 'Backfill',
                    asksReason: false,
                    decide: () => change('backfill', { aggregate: name }),
                  })
                }
              >
                Backfill…
              </button>
            </div>
          ) : (
            <Command text={`npx backstory backfill ${name}`} />
          )}
        </div>
      )}
      <dl class="facts">
        <div>
          <dt>Captured since</dt>
          <dd>{status.capturedSince ? <Moment at={status.capturedSince} full /> : 'not captured'}</dd>
        </div>
        <div>
          <dt>Backfill</dt>
          <dd>
            {!backfill && 'not begun'}
            {backfill && (
              <>
                {count(backfill.rows)} rows seen, {count(backfill.events)} first events;{' '}
                {backfill.completedAt ? (
                  <>
                    complete <Moment at={backfill.completedAt} />
                  </>
                ) : (
                  'not complete'
                )}
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>Last verify</dt>
          <dd>
            {!verified && 'none'}
            {verified && (
              <>
                <b class={verified.drifted > 0 ? 'bad' : 'ok'}>
                  {verified.drifted > 0 ? `${count(verified.drifted)} streams differ` : 'no drift'}
                </b>{' '}
                in {count(verified.rows)} rows, <Moment at={verified.at} />
                {verified.withoutFirstEvent > 0 && (
                  <>
                    , <b class="bad">{count(verified.withoutFirstEvent)} without a first event</b>
                  </>
                )}
                {verified.outdated && ', before the configuration or the tables changed'}
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>Shadow reads</dt>
          <dd>
            {!shadow && 'none in this stage'}
            {shadow && (
              <>
                {count(shadow.compared)} compared,{' '}
                <b class={shadow.drifted > 0 ? 'bad' : 'ok'}>{count(shadow.drifted)} with drift</b>,{' '}
                {count(shadow.skipped)} skipped, {count(shadow.failed)} failed
              </>
            )}
          </dd>
        </div>
        {work && (
          <div>
            <dt>{workNames[work.kind]} from here</dt>
            <dd>
              <span role="status">
                {busy ? (
                  <>
                    under way, begun by {work.by} <Moment at={work.startedAt} />
                  </>
                ) : (
                  <>
                    <span class={work.failed ? 'bad' : ''}>{work.outcome}</span>,{' '}
                    <Moment at={work.finishedAt ?? ''} />
                  </>
                )}
              </span>
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}
