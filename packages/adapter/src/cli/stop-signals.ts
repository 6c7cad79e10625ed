const running = new Set<() => void>();

/** Only for the first: the next one ends the process, as it does everywhere. */
function onSignal(): void {
  leave();
  for (const stop of running) stop();
}

function leave(): void {
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
}

/** Runs what Ctrl-C and SIGTERM stop. `onStop` hears of it, before anything else does. */
export async function untilStopped<Result>(
  onStop: () => void,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const stop = (): void => {
    onStop();
    controller.abort();
  };
  if (running.size === 0) process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  running.add(stop);
  try {
    return await work(controller.signal);
  } finally {
    running.delete(stop);
    if (running.size === 0) leave();
  }
}
