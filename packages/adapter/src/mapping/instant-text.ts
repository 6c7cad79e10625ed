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
  const utcZone = type === 'timestamptz' ? '+00:00' : '';
  if (offset === 0 && micros % unit === 0)
    return `${year}-${month}-${day}T${hour}:${minute}:${second}${fractionText(micros)}${utcZone}${bc}`;
  if (second >= '60' || hour >= '24') return undefined;
  const utc = new Date(0);
  utc.setUTCFullYear(bc === '' ? Number(year) : 1 - Number(year), Number(month) - 1, Number(day));
  utc.setUTCHours(Number(hour), Number(minute) - offset, Number(second));
  const [milliseconds, rest] = roundedTo(unit, utc.getTime(), micros);
  return printed(new Date(milliseconds), rest, utcZone);
}

/** Undefined beyond the years that JavaScript has. */
function printed(moment: Date, micros: number, zone: string): string | undefined {
  if (Number.isNaN(moment.getTime())) return undefined;
  const year = moment.getUTCFullYear();
  const era = year > 0 ? '' : ' BC';
  const digits = String(year > 0 ? year : 1 - year).padStart(4, '0');
  const behindYear = moment.toISOString().slice(-20, -5);
  return `${digits}${behindYear}${fractionText(micros)}${zone}${era}`;
}

/** East of Greenwich. */
function minutesOf(zone: string): number {
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** PostgreSQL counts from the year 2000, and rounds half away from there. `at` is a whole second in milliseconds. */
function roundedTo(unit: number, at: number, micros: number): [milliseconds: number, micros: number] {
  const half = unit > 1 && at < Date.UTC(2000, 0, 1) ? unit / 2 - 1 : unit / 2;
  const rounded = Math.floor((micros + half) / unit) * unit;
  return rounded < 1_000_000 ? [at, rounded] : [at + 1000, rounded - 1_000_000];
}

function fractionText(micros: number): string {
  return micros === 0 ? '' : `.${String(micros).padStart(6, '0').replace(/0+$/, '')}`;
}
