import { useState } from 'preact/hooks';
import type { RestoreAnswer } from './answers.js';
import { change } from './api.js';
import { ChangesTable } from './changes-table.js';
import { Command } from './command.js';
import { type Decision, ReasonDialog } from './reason-dialog.js';

interface RestoreVersionProps {
  aggregate: string;
  id: string;
  version: number;
  changes: boolean;
  onRestored: (said: string) => void;
}

/** Writes the version that is shown back into its row, once it was seen what that changes. */
export function RestoreVersion({ aggregate, id, version, changes, onRestored }: RestoreVersionProps) {
  const [decision, setDecision] = useState<Decision | null>(null);
  const [said, setSaid] = useState('');
  const wish = { aggregate, id, version };
  const look = async (): Promise<void> => {
    try {
      const found = (await change('restore', { ...wish, dryRun: true })) as RestoreAnswer;
      const differs = found.values.length + found.partsInAll > 0;
      setSaid(differs ? '' : 'Nothing differs from how it is now.');
      if (differs) setDecision(toRestore(found));
    } catch (error) {
      setSaid((error as Error).message);
    }
  };
  const toRestore = (found: RestoreAnswer): Decision => ({
    title: `Restore ${aggregate}-${id} to event ${version}?`,
    explanation: <Preview found={found} />,
    confirm: 'Restore',
    asksReason: true,
    decide: async (reason) => {
      // what was shown, or nothing: somebody may have written meanwhile
      const expected = { ...wish, reason, expectedVersion: found.version };
      const { left } = (await change('restore', expected)) as RestoreAnswer;
      onRestored(
        left.length === 0
          ? `Restored to event ${version}.`
          : `Restored to event ${version}, but a trigger has changed ${left.join(', ')} again.`,
      );
    },
  });
  return (
    <>
      {changes ? (
        <button type="button" onClick={() => void look()}>
          Restore this version…
        </button>
      ) : (
        <Command text={`npx backstory restore ${aggregate} ${id} --version ${version} --dry-run`} />
      )}
      <p role="status">{said}</p>
      <ReasonDialog decision={decision} onClose={() => setDecision(null)} />
    </>
  );
}

function Preview({ found: { values, parts, partsInAll, notTold } }: { found: RestoreAnswer }) {
  return (
    <>
      <p>
        Writes this into its rows, as a change like any other: nothing is taken out of the history, and what
        is there now can be restored, too.
      </p>
      <div class="preview">
        {values.length > 0 && (
          <ChangesTable changes={values} label="What changes" headings={['Now', 'Restored']} />
        )}
        {parts.map(({ path, id, change: kind, values: ofPart }) => (
          <div key={`${path} ${id}`}>
            <p>
              <code>
                {path}[{id}]
              </code>{' '}
              {words[kind] ?? kind}
            </p>
            {kind === 'changed' && (
              <ChangesTable
                changes={ofPart}
                label={`What changes of ${path}[${id}]`}
                headings={['Now', 'Restored']}
              />
            )}
          </div>
        ))}
        {partsInAll > parts.length && <p class="more">And {partsInAll - parts.length} more parts.</p>}
      </div>
      {notTold.length > 0 && (
        <p class="more">The version doesn't tell {notTold.join(', ')}: what is there stays as it is.</p>
      )}
    </>
  );
}

const words: Readonly<Record<string, string>> = { added: 'is inserted again', removed: 'is deleted' };
