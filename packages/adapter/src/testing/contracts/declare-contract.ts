/** With which test runner a contract is run. */
export interface ContractOptions {
  /** Of vitest, mocha or node:test. @defaultValue the globals, as jest has them */
  readonly describe?: (name: string, body: () => void) => unknown;
  readonly it?: (name: string, body: () => Promise<void>) => unknown;
}

/** What a contract asks for, by the names of its tests. */
export type Demands<Subject> = Readonly<Record<string, (subject: Subject) => Promise<void>>>;

/** Declares a test for each demand. @param run - opens a subject for one test, and closes it */
export function declareContract<Subject>(
  title: string,
  demands: Demands<Subject>,
  framework: ContractOptions,
  run: (body: (subject: Subject) => Promise<void>) => Promise<void>,
): void {
  const { describe, it } = { ...(globalThis as unknown as Required<ContractOptions>), ...framework };
  describe(title, () => {
    for (const [what, body] of Object.entries(demands)) it(what, () => run(body));
  });
}
