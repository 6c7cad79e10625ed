/**
 * Waits for an answer no longer than allowed, and no longer than anybody wants it.
 * @throws what `late` makes when the time is over; the signal's reason when it is aborted
 */
export function inTime<Answer>(
  answer: Promise<Answer>,
  { timeoutMs, signal, late }: { timeoutMs: number; signal: AbortSignal; late: () => Error },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => settle(() => reject(signal.reason as Error));
    const timer = setTimeout(() => settle(() => reject(late())), timeoutMs);
    const settle = (by: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      by();
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    answer.then(
      (value) => settle(() => resolve(value)),
      (error: Error) => settle(() => reject(error)),
    );
  });
}
