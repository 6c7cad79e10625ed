import type { Change } from './answers.js';
import { ShownJson } from './value.js';

/** Properties with their values before and after, or only the one of both that there is. */
export function ChangesTable({
  changes,
  label,
  headings: [before, after] = ['Before', 'After'],
}: {
  changes: readonly Change[];
  label: string;
  headings?: readonly [string, string];
}) {
  const hadAny = changes.some(({ before }) => before !== null);
  const hasAny = changes.some(({ after }) => after !== null);
  return (
    <table class="changes" role="table" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader">
            Property
          </th>
          {hadAny && (
            <th scope="col" role="columnheader">
              {before}
            </th>
          )}
          {hasAny && (
            <th scope="col" role="columnheader">
              {hadAny ? after : 'Value'}
            </th>
          )}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {changes.map(({ property, ...value }) => (
          <tr key={property} role="row">
            <th scope="row" role="rowheader">
              {property}
            </th>
            {hadAny && (
              <td role="cell" class="before">
                <ShownJson value={value.before} />
              </td>
            )}
            {hasAny && (
              <td role="cell" class={hadAny ? 'after' : ''}>
                <ShownJson value={value.after} />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
