const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

export function moment(iso: string): string {
  return date.format(new Date(iso));
}

/** Short, for the ends of an axis. */
export function axisMoment(time: number, spanMs: number): string {
  const text = day.format(time);
  return spanMs > 3 * 86_400_000 ? text : `${text}, ${clock.format(time)}`;
}

/** 3 min 20 s */
export function duration(seconds: number): string {
  const rest = Math.max(0, Math.round(seconds));
  if (rest < 60) return `${rest} s`;
  if (rest < 3_600) return `${Math.floor(rest / 60)} min ${rest % 60} s`;
  if (rest < 86_400) return `${Math.floor(rest / 3_600)} h ${Math.floor((rest % 3_600) / 60)} min`;
  return `${Math.floor(rest / 86_400)} d ${Math.floor((rest % 86_400) / 3_600)} h`;
}

export function ago(iso: string, now = Date.now()): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}
