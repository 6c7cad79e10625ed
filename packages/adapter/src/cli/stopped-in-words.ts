/** What the signal has kept from its end, and how to go on; nothing where there is none. */
export function stoppedInWords(names: readonly string[], goOn: string): string {
  return names.length === 0 ? '' : `Stopped before the end of ${names.join(', ')}. ${goOn}\n`;
}

/** The categories of reports that the signal has stopped. */
export function stoppedOf(
  reports: readonly { readonly category: string; readonly stopped?: true }[],
): string[] {
  return reports.flatMap(({ category, stopped }) => (stopped ? [category] : []));
}
