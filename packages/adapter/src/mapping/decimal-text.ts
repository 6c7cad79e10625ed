/** A number with all its digits: `digits` / 10^`scale`. */
interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** Beyond it a text is left as it is: a numeric can't have more digits behind its point. */
const longest = 16_383;

/**
 * A text as PostgreSQL prints it as numeric: `1.50` of `1.5` with a scale of 2, rounded half away from zero; without a scale with
 * the one that it has. Undefined for what is no number.
 */
export function decimalText(text: string, scale?: number): string | undefined {
  const special = /^\s*(nan|[+-]?inf(?:inity)?)\s*$/i.exec(text)?.[1]?.toLowerCase();
  if (special !== undefined) {
    if (special === 'nan') return 'NaN';
    return special.startsWith('-') ? '-Infinity' : 'Infinity';
  }
  const decimal = parsed(text);
  if (!decimal) return undefined;
  return printed(scale === undefined ? decimal : rounded(decimal, scale));
}

function parsed(text: string): Decimal | undefined {
  const found = /^\s*([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?\s*$/i.exec(text);
  if (!found) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = found;
  if (whole + fraction === '' || Math.abs(Number(exponent)) > longest) return undefined;
  const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  const scale = fraction.length - Number(exponent);
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : { digits, scale };
}

function rounded({ digits, scale }: Decimal, wanted: number): Decimal {
  const given = Math.max(wanted, 0);
  if (wanted >= scale) return { digits: digits * 10n ** BigInt(wanted - scale), scale: wanted };
  const unit = 10n ** BigInt(scale - wanted);
  const half = digits < 0n ? -unit / 2n : unit / 2n;
  const whole = (digits + half) / unit;
  return { digits: wanted < 0 ? whole * 10n ** BigInt(-wanted) : whole, scale: given };
}

function printed({ digits, scale }: Decimal): string {
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
  const sign = digits < 0n ? '-' : '';
  return scale === 0 ? sign + text : `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}
