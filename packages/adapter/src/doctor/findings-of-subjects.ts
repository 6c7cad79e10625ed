import type { Finding } from '../admin/index.js';
import { isSameSubject } from '../erasure/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** Subjects that no aggregate goes by, and that look like a slip of one that is there. Others may be persons without an aggregate. */
export function findingsOfSubjects(root: EntityMapping, all: readonly EntityMapping[]): Finding[] {
  return [root, ...root.parts].flatMap((mapping) =>
    Object.keys(mapping.subject ?? {}).flatMap((name) => {
      const near = all.find(({ knownAs }) => differsInTwo(knownAs, name));
      if (!near || all.some(({ category }) => isSameSubject(all, category, name))) return [];
      return [
        {
          severity: 'hint' as const,
          aggregate: root.category,
          problem: `"${mapping.entity}" names "${name}" as its subject, and no aggregate goes by that name: a request about ${near.knownAs} doesn't find it`,
          remedy: `If "${near.knownAs}" is meant, say subject: { ${near.knownAs}: '${mapping.subject?.[name] ?? ''}' }.`,
        },
      ];
    }),
  );
}

/** By two letters at most that are others, more or fewer: the edit distance of Wagner and Fischer (1974). */
function differsInTwo(one: string, other: string): boolean {
  if (Math.min(one.length, other.length) < 4) return one.toLowerCase() === other.toLowerCase();
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...one.toLowerCase()].entries()) {
    const next = [index + 1];
    for (const [at, each] of [...other.toLowerCase()].entries())
      next.push(
        Math.min((next[at] ?? 0) + 1, (row[at + 1] ?? 0) + 1, (row[at] ?? 0) + (letter === each ? 0 : 1)),
      );
    row = next;
  }
  return (row.at(-1) ?? 3) <= 2;
}
