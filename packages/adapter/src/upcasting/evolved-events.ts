import type { Upcasters } from '../event/index.js';

/** How the events of one aggregate have changed over time; what a mapping knows of it. */
export interface EvolvedEvents {
  readonly knownAs: string;
  readonly schemaVersion: number;
  readonly renamedTypes: Readonly<Record<string, string>>;
  readonly upcasters: Upcasters;
  readonly foldsInSql: boolean;
  readonly renamed: Readonly<Record<string, string>>;
  readonly parts: readonly {
    readonly part: { readonly path: string };
    readonly renamed: Readonly<Record<string, string>>;
  }[];
}
