/** From this exponent on PostgreSQL prints with an exponent: as many digits as the type keeps for certain. */
const firstExponent = { float4: 6, float8: 15 };

/**
 * A finite number as PostgreSQL prints it: with another idea than JavaScript of when to use an exponent; and of a double without a
 * text that is in the very middle of two, which JavaScript takes where it is read back as this one. A real comes as the double
 * that its text stands for, which has few digits.
 */
export function floatText(value: number, type: keyof typeof firstExponent): string {
  if (Object.is(value, -0)) return '-0';
  const text = type === 'float8' ? shortest(value) : value.toExponential();
  const at = text.indexOf('e');
  const exponent = Number(text.slice(at + 1));
  if (exponent >= -4 && exponent < firstExponent[type]) return String(value);
  const digits = String(Math.abs(exponent)).padStart(2, '0');
  return `${text.slice(0, at)}e${exponent < 0 ? '-' : '+'}${digits}`;
}

function shortest(value: number): string {
  let text = value.toExponential();
  for (let digits = 1; isInTheMiddle(value, text); digits++) {
    const longer = value.toExponential(digits);
    if (Number(longer) === value) text = longer;
  }
  return text;
}

/** Only whole numbers that have more digits than a double can be told apart by fewer that far away. */
function isInTheMiddle(value: number, text: string): boolean {
  if (Math.abs(value) < Number.MAX_SAFE_INTEGER) return false;
  const exact = BigInt(value);
  const [mantissa = '', exponent = '0'] = text.split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const short = BigInt(whole + fraction) * 10n ** BigInt(Number(exponent) - fraction.length);
  if (short === exact) return false;
  // a little further away: another double's
  return Number(2n * short + (short > exact ? 1n : -1n)) !== 2 * value;
}
