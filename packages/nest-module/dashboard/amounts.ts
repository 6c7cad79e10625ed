const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** 12,345; a large estimate as ≈ 1.2M. */
export function count(amount: number | null, estimated = false): string {
  if (amount === null) return 'unknown';
  if (!estimated) return whole.format(amount);
  return `≈ ${amount < 10_000 ? whole.format(amount) : short.format(amount)}`;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

export function bytes(amount: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(amount, 1)) / 3), units.length - 1);
  const value = amount / 1000 ** power;
  return `${value.toFixed(power === 0 || value >= 100 ? 0 : 1)} ${units[power]}`;
}

export function rate(perMinute: number): string {
  return perMinute === 0 || perMinute >= 10 ? whole.format(perMinute) : perMinute.toFixed(1);
}
