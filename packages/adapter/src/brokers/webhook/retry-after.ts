/** Nobody is waited for longer than this without being asked again. */
const longestMs = 3_600_000;

/** Milliseconds that a `Retry-After` header asks for: a number of seconds, or a date. */
export function retryAfterMs(header: string | null, now = Date.now()): number {
  if (header === null) return 0;
  const asked = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(asked) ? 0 : Math.min(longestMs, Math.max(0, asked));
}
