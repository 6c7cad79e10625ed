import { commandHere } from './command-here.js';
import { useState } from 'preact/hooks';
import type { ErasureAnswer } from './answers.js';
import { change } from './api.js';
import { Command } from './command.js';
import { type Decision, ReasonDialog } from './reason-dialog.js';

interface EraseSectionProps {
  aggregate: string;
  id: string;
  changes: boolean;
  onErased: () => void;
}

/** Erases what the events of this stream hold, once it was seen what that is. */
export function EraseSection({ aggregate, id, changes, onErased }: EraseSectionProps) {
  const [decision, setDecision] = useState<Decision | null>(null);
  const [said, setSaid] = useState('');
  const wish = { aggregate, id };
  const look = async (): Promise<void> => {
    try {
      const found = (await change('erase', { ...wish, dryRun: true })) as ErasureAnswer;
      setSaid(found.properties.length === 0 ? 'There is nothing to erase.' : '');
      if (found.properties.length > 0) setDecision(toErase(found));
    } catch (error) {
      setSaid((error as Error).message);
    }
  };
  const toErase = ({ events, properties, stillInTable }: ErasureAnswer): Decision => ({
    title: `Erase the values of ${aggregate}-${id}?`,
    explanation: (
      <>
        <p>
          {properties.join(', ')} in {events} {events === 1 ? 'event' : 'events'} become null, for ever:
          nobody can bring them back. Type, positions and time stay.
        </p>
        {stillInTable.length > 0 && (
          <p>
            Its rows still hold {stillInTable.join(', ')}: they are the application's, and stay as they are.
          </p>
        )}
        <p>
          Other streams that name it keep what they hold:{' '}
          <code>{commandHere('npx backstory erase --subject')}</code> reaches them, too.
        </p>
      </>
    ),
    confirm: 'Erase',
    asksReason: true,
    decide: async (reason) => {
      const done = (await change('erase', { ...wish, reason })) as ErasureAnswer;
      setSaid(`Erased in ${done.events} ${done.events === 1 ? 'event' : 'events'}.`);
      onErased();
    },
  });
  return (
    <section aria-labelledby="erase">
      <h2 id="erase">Erase</h2>
      {changes ? (
        <button type="button" onClick={() => void look()}>
          Erase its values…
        </button>
      ) : (
        <Command text={`npx backstory erase ${aggregate} ${id} --dry-run`} />
      )}
      <p role="status">{said}</p>
      <ReasonDialog decision={decision} onClose={() => setDecision(null)} />
    </section>
  );
}
