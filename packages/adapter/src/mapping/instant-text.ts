const types = ['date', 'timestamp', 'timestamptz'] as const;

const form =
  /^\s*(\d{4,})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?\s*(z|utc|[+-]\d\d(?::?\d\d)?)?( bc)?\s*$/i;

/**
 * A date or a time as events have it, of a text in ISO 8601 or as PostgreSQL prints it; `precision` in digits of a second's
 * fraction. A time without a zone is UTC's. Undefined for what would have to be computed with a calendar that JavaScript
 * hasn't, and for other ways to write it.
 */
export function instantText(type: string, text: string, precision = 6): string | undefined {
  if (!types.some((each) => each === type)) return undefined;
  const infinite = /^\s*([+-]?)infinity\s*$/i.exec(text);
  if (infinite) return infinite[1] === '-' ? '-infinity' : 'infinity';
  const found = form.exec(text);
  if (!found) return undefined;
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00'] = found;
  const [fraction = '', zone = '', era = ''] = found.slice(7);
  const bc = era === '' ? '' : ' BC';
  if (type === 'date') return `${year}-${month}-${day}${bc}`;
  const micros = Number(fraction.padEnd(6, '0'));
  const offset = type === 'timestamptz' ? minutesOf(zone) : 0;
  const unit = 10 ** (6 - precision);
  const suffix = `${type === 'timestamptz' ? '+00:00' : ''}${bc}`;
  if (offset === 0 && micros % unit === 0)
    return `${year}-${month}-${day}T${hour}:${minute}:${second}${fractionText(micros)}${suffix}`;
  if (bc !== '' || year.length > 4 || year < '0100' || second >= '60' || hour >= '24') return undefined;
  const utc = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute) - offset);
  const [seconds, rest] = roundedTo(unit, utc / 1000 + Number(second), micros);
  const whole = new Date(seconds * 1000).toISOString();
  return whole.length === 24 ? `${whole.slice(0, 19)}${fractionText(rest)}${suffix}` : undefined;
}

/** East of Greenwich. */
function minutesOf(zone: string): number {
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** PostgreSQL counts from the year 2000, and rounds half away from there. */
function roundedTo(unit: number, seconds: number, micros: number): [seconds: number, micros: number] {
  const isBefore = seconds < Date.UTC(2000, 0, 1) / 1000;
  const rounded = Math.floor((micros + (isBefore && unit > 1 ? unit / 2 - 1 : unit / 2)) / unit) * unit;
  return rounded < 1_000_000 ? [seconds, rounded] : [seconds + 1, rounded - 1_000_000];
}

function fractionText(micros: number): string {
  return micros === 0 ? '' : `.${String(micros).padStart(6, '0').replace(/0+$/, '')}`;
}
