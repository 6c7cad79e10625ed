const locales = navigator.languages.length > 0 ? [...navigator.languages] : undefined;
const formats = {
  moment: {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  },
  day: { month: 'short', day: 'numeric' },
  clock: { hour: '2-digit', minute: '2-digit' },
} as const;
const [full, day, clock] = [formats.moment, formats.day, formats.clock].map(
  (format) => new Intl.DateTimeFormat(locales, format),
) as [Intl.DateTimeFormat, Intl.DateTimeFormat, Intl.DateTimeFormat];

/** In the reader's language and zone, which it names. */
export function moment(at: string | number): string {
  return full.format(new Date(at));
}

/** Where the reader is: Europe/Berlin. */
export const zone = full.resolvedOptions().timeZone;

/** Short, for the ends of an axis. */
export function axisMoment(time: number, spanMs: number): string {
  const text = day.format(time);
  return spanMs > 3 * 86_400_000 ? text : `${text}, ${clock.format(time)}`;
}

/** As a field for date and time has it, of the reader's zone; and back. */
export function localTime(iso: string): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return '';
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function isoTime(local: string): string {
  return local === '' ? '' : new Date(local).toISOString();
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
