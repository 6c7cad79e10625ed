/**
 * The real that is nearest to a number, as PostgreSQL prints it: with the fewest digits that are nearer to it than to any other,
 * and where two such texts are as near as each other, the even one.
 */
export function realText(number: number): string {
  const real = Math.fround(number);
  for (let digits = 1; digits < 9; digits++) {
    const text = even(real, digits);
    const short = Number(text);
    // a little further away, so that what lies in the very middle of two reals is not taken
    if (Math.fround(short + (short - real) / 1e6) === real) return text;
  }
  return real.toPrecision(9);
}

/** JavaScript rounds a half up. */
function even(real: number, digits: number): string {
  const longer = real.toPrecision(digits + 1);
  const text = real.toPrecision(digits);
  const isHalf = Number(longer) === real && /5(?=e|$)/.test(longer);
  return isHalf ? text.replace(/[13579](?=e|$)/, (digit) => String(Number(digit) - 1)) : text;
}
