/** The lines that go and come between two texts, with a line of context around them: `- old`, `+ new`. */
export function changedLines(before: string, after: string): string {
  const [old, now] = [before.split(/\r?\n/), after.split(/\r?\n/)];
  const kept = longestCommon(old, now);
  const shown: { text: string; isChange: boolean }[] = [];
  for (let i = 0, j = 0; i < old.length || j < now.length;) {
    if (i < old.length && j < now.length && old[i] === now[j] && kept(i, j) === kept(i + 1, j + 1) + 1) {
      shown.push({ text: `  ${old[i] ?? ''}`, isChange: false });
      i++;
      j++;
    } else if (i < old.length && (j >= now.length || kept(i + 1, j) >= kept(i, j + 1)))
      shown.push({ text: `- ${old[i++] ?? ''}`, isChange: true });
    else shown.push({ text: `+ ${now[j++] ?? ''}`, isChange: true });
  }
  const isNear = (index: number): boolean =>
    [index - 1, index, index + 1].some((near) => shown[near]?.isChange ?? false);
  return shown
    .flatMap(({ text }, index) => (isNear(index) ? [text.trimEnd()] : isNear(index - 1) ? ['  …'] : []))
    .join('\n')
    .replace(/\n {2}…$/, '');
}

/** The number of lines that both have in common, from these two on. */
function longestCommon(old: readonly string[], now: readonly string[]): (i: number, j: number) => number {
  const lengths = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      (lengths[i] as number[])[j] =
        old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  return at;
}
