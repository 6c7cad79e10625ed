import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Change, StateAnswer } from './answers.js';
import { address } from './api.js';
import { ChangesTable } from './changes-table.js';
import { Trouble } from './trouble.js';
import { usePolled } from './use-polled.js';
import { RestoreVersion } from './restore-version.js';
import { ShownJson } from './value.js';
import { VersionField } from './version-field.js';

interface StreamStatesProps {
  aggregate: string;
  id: string;
  /** Of the last event. */
  position: number;
  /** Of the deletions that the timeline has, newest first. Events of its parts may follow one. */
  deletions: readonly number[];
  changes: boolean;
}

/** Events are never changed, so neither is a state: it is asked for once. */
const never = 2 ** 31 - 1;

/** The state at any version, and what differs between two. */
export function StreamStates({ aggregate, id, position, deletions, changes }: StreamStatesProps) {
  const [chosen, setChosen] = useState<number | null>(null);
  const [other, setOther] = useState<number | null>(null);
  const [said, setSaid] = useState('');
  const restored = (outcome: string): void => {
    setChosen(null);
    setSaid(outcome);
  };
  const version = chosen ?? position;
  const state = usePolled<StateAnswer>(
    other === null ? address('state', { aggregate, id, version }) : null,
    never,
  );
  const differences = usePolled<Change[]>(
    other === null ? null : address('differences', { aggregate, id, from: other, to: version }),
    never,
  );
  return (
    <section class="states" aria-labelledby="states">
      <h2 id="states">State after event {version}</h2>
      <label class="field">
        <span class="hidden">Event</span>
        <input
          type="range"
          min={0}
          max={position}
          value={version}
          aria-valuetext={`event ${version} of ${position}`}
          onInput={(event) => setChosen(Number(event.currentTarget.value))}
        />
      </label>
      <div class="toolbar">
        <VersionField label="Event" value={version} most={position} onVersion={setChosen} />
        <label class="field inline check">
          <input
            type="checkbox"
            checked={other !== null}
            onChange={(event) => setOther(event.currentTarget.checked ? Math.max(version - 1, 0) : null)}
          />
          compare with
        </label>
        {other !== null && (
          <VersionField
            label="Compare with event"
            hidden
            value={other}
            most={position}
            onVersion={setOther}
          />
        )}
        {chosen !== null && (
          <button type="button" onClick={() => setChosen(null)}>
            Latest
          </button>
        )}
      </div>
      <p role="status">{chosen === null ? said : ''}</p>
      <Trouble polled={other === null ? state : differences} />
      {other === null && state.body && (
        <State state={state.body} deletions={deletions} onVersion={setChosen}>
          {version < position && (
            <RestoreVersion
              key={version}
              aggregate={aggregate}
              id={id}
              version={version}
              changes={changes}
              onRestored={restored}
            />
          )}
        </State>
      )}
      {other !== null && differences.body && (
        <Differences differences={differences.body} from={other} to={version} />
      )}
    </section>
  );
}

interface StateProps {
  state: StateAnswer;
  deletions: readonly number[];
  onVersion: (version: number) => void;
  /** What can be done with a version at which it was there. */
  children: ComponentChildren;
}

function State({ state: { properties, version }, deletions, onVersion, children }: StateProps) {
  if (version === 0) return <p class="empty">It does not exist yet.</p>;
  const deletion = deletions.find((each) => each <= version) ?? version;
  if (!properties)
    return (
      <p class="empty">
        It is deleted at this point.{' '}
        <button type="button" onClick={() => onVersion(deletion - 1)}>
          What it was before
        </button>
      </p>
    );
  return (
    <>
      {children}
      <dl class="state">
        {properties.map(({ property, value }) => (
          <div key={property}>
            <dt>{property}</dt>
            <dd>
              <ShownJson value={value} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Differences({
  differences,
  from,
  to,
}: {
  differences: readonly Change[];
  from: number;
  to: number;
}) {
  if (differences.length === 0) return <p class="empty">Nothing differs.</p>;
  return <ChangesTable changes={differences} label={`What differs between event ${from} and event ${to}`} />;
}
