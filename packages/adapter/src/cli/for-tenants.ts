import { PassThrough, Writable } from 'node:stream';
import { type Backstory, inTurns } from '../backstory/index.js';
import { BackstoryError } from '../errors.js';
import { loggerOf } from './logger-of.js';
import { coloured } from './colours.js';
import type { CommandInput, ExitCode } from './command-run.js';
import type { OpenedTenants } from './open-tenants.js';
import { positiveInteger } from './positive-integer.js';
import type { Terminal } from './terminal.js';

interface TenantReport {
  readonly tenant: string;
  readonly exitCode: ExitCode;
  /** What the command has printed. */
  readonly text?: string;
  readonly error?: Error;
}

/**
 * Runs a command for each tenant, a few at a time, and prints one report for each, in the
 * order of their names. One that fails keeps no other from
 * its turn. @returns 1 where one has failed, else 2 where one has found something, else 0
 */
export async function forTenants(
  tenants: OpenedTenants,
  input: CommandInput,
  run: (backstory: Backstory, input: CommandInput) => Promise<ExitCode>,
): Promise<ExitCode> {
  return eachTenant(tenants, input, async (tenant, own) => {
    const backstory = await tenants.open(tenant, loggerOf(own.terminal));
    return run(backstory, own);
  });
}

/** As {@link forTenants}, for a command that opens no history. Closes the tenants. */
export async function eachTenant(
  tenants: OpenedTenants,
  input: CommandInput,
  work: (tenant: string, input: CommandInput) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { terminal, options } = input;
  const { atOnce = '4' } = options;
  let stopped = false;
  const stop = (): void => void (stopped = true);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const concurrency = positiveInteger(atOnce, '--at-once');
    for (const reason of tenants.leftOut) terminal.stderr.write(`${reason}\n`);
    const done = new Map<string, TenantReport>();
    const waiting = [...tenants.names];
    const sayThoseDone = (): void => {
      for (let next = done.get(waiting[0] ?? ''); next; next = done.get(waiting[0] ?? '')) {
        say(next, terminal);
        waiting.shift();
      }
    };
    const reports = await inTurns(tenants.names, concurrency, async (tenant): Promise<TenantReport> => {
      const report = stopped ? notBegun(tenant) : await reportOf(tenant, input, work);
      done.set(tenant, report);
      if (!options.json) sayThoseDone();
      return report;
    });
    if (options.json) terminal.stdout.write(`${JSON.stringify(reports.map(asJson), null, 2)}\n`);
    else terminal.stdout.write(summary(reports));
    return worst(reports);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await tenants.close();
  }
}

async function reportOf(
  tenant: string,
  input: CommandInput,
  work: (tenant: string, input: CommandInput) => Promise<ExitCode>,
): Promise<TenantReport> {
  const stdout = new PassThrough().setEncoding('utf8');
  const terminal: Terminal = { stdout, stderr: prefixed(input.terminal.stderr, tenant) };
  const printed = (): { text?: string } => {
    const text = stdout.read() as string | null;
    return text === null ? {} : { text };
  };
  try {
    const exitCode = await work(tenant, { ...input, terminal });
    return { tenant, exitCode, ...printed() };
  } catch (error) {
    const found = BackstoryError.is(error, 'CAPTURE_OUTDATED') || BackstoryError.is(error, 'NOT_INSTALLED');
    return { tenant, exitCode: found ? 2 : 1, error: error as Error, ...printed() };
  }
}

function notBegun(tenant: string): TenantReport {
  return { tenant, exitCode: 1, error: new Error('It was not begun: the command was stopped.') };
}

function say({ tenant, text, error }: TenantReport, { stdout, stderr }: Terminal): void {
  if (text !== undefined) stdout.write(`${coloured(stdout, 'bold', `${tenant}:`)}\n${text}\n`);
  if (error) stderr.write(`${coloured(stderr, 'red', `${tenant}: failed: ${error.message}`)}\n`);
}

function asJson({ tenant, exitCode, text, error }: TenantReport): object {
  return {
    tenant,
    exitCode,
    ...(text !== undefined && { result: JSON.parse(text) as unknown }),
    ...(error && { error: error.message }),
  };
}

function summary(reports: readonly TenantReport[]): string {
  const of = (code: ExitCode): string =>
    reports
      .filter(({ exitCode }) => exitCode === code)
      .map(({ tenant }) => tenant)
      .join(', ');
  const parts = [of(1) && `failed: ${of(1)}`, of(2) && `with something to settle: ${of(2)}`].filter(Boolean);
  return `${reports.length} ${reports.length === 1 ? 'tenant' : 'tenants'}${parts.length > 0 ? `; ${parts.join('; ')}` : ', all done'}.\n`;
}

function worst(reports: readonly TenantReport[]): ExitCode {
  const codes = new Set(reports.map(({ exitCode }) => exitCode));
  return codes.has(1) ? 1 : codes.has(2) ? 2 : 0;
}

/** Each line says whose it is; never a terminal, where bars of several tenants would overwrite each other. */
function prefixed(stream: NodeJS.WritableStream, tenant: string): Terminal['stderr'] {
  return new Writable({
    decodeStrings: false,
    write: (text: string | Buffer, _encoding, done) => {
      stream.write(String(text).replace(/^(?=.)/gm, () => `${tenant}: `));
      done();
    },
  });
}
