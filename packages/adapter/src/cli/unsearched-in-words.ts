interface Searched {
  readonly category: string;
  readonly streamId?: string;
  readonly unseen?: string;
  readonly topic?: true;
}

/** What a search for data of persons has not looked through, one line each; that of one stream only with its name. */
export function unsearchedInWords(reports: readonly Searched[]): string {
  return reports
    .flatMap(({ category, streamId = '*', unseen }) => {
      const name = streamId === '*' ? category : `${category}-${streamId}`;
      return unseen === undefined ? [] : [`${name} was not looked through: ${unseen}.\n`];
    })
    .join('');
}

/** Whether all was looked through that has somebody it is of. Of topics nobody can say. */
export function isWhole(reports: readonly Searched[]): boolean {
  return reports.every(({ unseen, topic }) => unseen === undefined || topic);
}
