/** From this exponent on PostgreSQL prints with an exponent: as many digits as the type keeps for certain. */
const firstExponent = { float4: 6, float8: 15 };

/** A finite number as PostgreSQL prints it: the same digits as JavaScript, but another idea of when to use an exponent. */
export function floatText(value: number, type: keyof typeof firstExponent): string {
  if (Object.is(value, -0)) return '-0';
  const text = value.toExponential();
  const at = text.indexOf('e');
  const exponent = Number(text.slice(at + 1));
  if (exponent >= -4 && exponent < firstExponent[type]) return String(value);
  const digits = String(Math.abs(exponent)).padStart(2, '0');
  return `${text.slice(0, at)}e${exponent < 0 ? '-' : '+'}${digits}`;
}
