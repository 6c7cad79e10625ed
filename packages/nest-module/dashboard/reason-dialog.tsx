import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

export interface Decision {
  readonly title: string;
  /** What will happen. */
  readonly explanation: ComponentChildren;
  readonly confirm: string;
  /** Without one, none is asked. */
  readonly asksReason: boolean;
  decide(reason: string): Promise<unknown>;
}

/** Asks once more, and for the reason, which is recorded. Stays open, and says why, when it is refused. */
export function ReasonDialog({ decision, onClose }: { decision: Decision | null; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (!decision) return dialog.current?.close();
    setReason('');
    setProblem('');
    dialog.current?.showModal();
  }, [decision]);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await decision?.decide(reason);
      onClose();
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby="decision" onClose={onClose}>
      {decision && (
        <form onSubmit={(event) => void submit(event)}>
          <h2 id="decision">{decision.title}</h2>
          <div class="explanation">{decision.explanation}</div>
          {decision.asksReason && (
            <label class="field">
              Reason
              <textarea
                required
                rows={3}
                maxLength={2000}
                value={reason}
                onInput={(event) => setReason(event.currentTarget.value)}
              />
            </label>
          )}
          <p role="alert" class="problem">
            {problem}
          </p>
          <div class="actions">
            <button type="button" onClick={onClose}>
              Cancel
            </button>
            <button type="submit" class="primary" disabled={busy}>
              {decision.confirm}
            </button>
          </div>
        </form>
      )}
    </dialog>
  );
}
