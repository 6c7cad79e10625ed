import { useEffect, useState } from 'preact/hooks';
import { count } from './amounts.js';
import type { RepairAnswer } from './answers.js';
import { change } from './api.js';

/** What a repair would write, found out while the dialog is open. */
export function RepairExplanation({ name }: { name: string }) {
  const [preview, setPreview] = useState<RepairAnswer>(null);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    let ended = false;
    const look = async (): Promise<void> => {
      try {
        const answer = (await change('repair', { aggregate: name, dryRun: true })) as RepairAnswer;
        if (ended) return;
        // not done yet: the comparison goes on, and is asked for again
        if (answer) setPreview(answer);
        else await look();
      } catch (error) {
        if (!ended) setProblem((error as Error).message);
      }
    };
    void look();
    return () => {
      ended = true;
    };
  }, [name]);
  return (
    <>
      <p>
        Appends to each stream what differs, so that its replay gives the row. Rows, and events that were
        written, stay as they are. Afterwards it is verified again.
      </p>
      <div role="status">
        {!preview && problem === '' && <p>Comparing, to see what would be written…</p>}
        {problem !== '' && <p class="problem">What would be written is not known: {problem}</p>}
        {preview && <Preview preview={preview} />}
      </div>
    </>
  );
}

function Preview({ preview }: { preview: NonNullable<RepairAnswer> }) {
  const { drifts, streams, left, withoutFirstEvent, first } = preview;
  return (
    <>
      <p>
        <b>
          {drifts === 0
            ? 'Nothing would be written: no stream differs now.'
            : `Would append to ${count(streams)} ${streams === 1 ? 'stream' : 'streams'}, and settle ${count(drifts)} ${drifts === 1 ? 'difference' : 'differences'}.`}
        </b>
        {left > 0 && ` ${count(left)} can't be settled by a repair.`}
        {withoutFirstEvent > 0 &&
          ` ${count(withoutFirstEvent)} rows have no first event: a backfill gives them one.`}
      </p>
      <ul class="examples preview">
        {first.map(({ streamId, part, kind, values }) => (
          <li key={`${streamId} ${part}`}>
            {streamId} {part !== null && <code>{part}</code>} {values.length === 0 && kind}
            {values.map(({ property, before, after }) => (
              <span key={property} class="more">
                {property}: <code>{before}</code> → <code>{after}</code>{' '}
              </span>
            ))}
          </li>
        ))}
      </ul>
      {drifts > first.length && <p class="more">The first {first.length} of them.</p>}
    </>
  );
}
