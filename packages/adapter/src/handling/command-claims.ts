import type { CreateOptions } from '../commands/index.js';
import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';

/** What a command with an id has come to. */
export interface SettledCommand {
  readonly streamId: string;
  readonly position: number;
}

/** What a command is known by: the options of these names. */
export interface CommandIdentity {
  readonly id: string;
  readonly fingerprint?: string;
}

interface Row {
  category: string;
  stream_id: string | null;
  stream_position: string | null;
  fingerprint: string | null;
}

/** Ids of commands that were handled: the same one again comes to what it has come to. */
export class CommandClaims {
  constructor(
    private readonly schema: string,
    /** An interval, as PostgreSQL reads it. */
    private readonly keep: string,
  ) {}

  /** @throws BackstoryError COMMAND_REFUSED for an id that another aggregate's command has had, COMMAND_ID_REUSED for another fingerprint */
  async find(
    sql: SqlExecutor,
    command: CommandIdentity,
    mapping: EntityMapping,
    streamId?: string,
  ): Promise<SettledCommand | undefined> {
    const rows = await sql.execute<Row>(
      `select category, stream_id, stream_position::text, fingerprint from ${quoteIdentifier(this.schema)}.commands where id = $1`,
      [command.id],
    );
    return settled(rows[0], command, mapping, streamId);
  }

  /** Takes an id for the open transaction; waits for whoever has just taken it. @returns what it has come to, where it was taken */
  async claim(
    sql: SqlExecutor,
    command: CommandIdentity,
    mapping: EntityMapping,
    streamId?: string,
  ): Promise<SettledCommand | undefined> {
    const rows = await sql.execute<Row>(
      `select category, stream_id, stream_position::text, fingerprint from ${quoteIdentifier(this.schema)}.claim_command($1, $2, $3::interval, $4)`,
      [command.id, mapping.category, this.keep, command.fingerprint ?? null],
    );
    return settled(rows[0], command, mapping, streamId);
  }

  /** Says what a claimed id has come to: the end of the stream. */
  async settle(sql: SqlExecutor, id: string, streamId: string): Promise<void> {
    await sql.execute(`select ${quoteIdentifier(this.schema)}.settle_command($1, $2)`, [id, streamId]);
  }
}

/** What the options say of it; nothing where they say nothing. @throws InvalidOptionsError */
export function commandIdentity({
  commandId: id,
  commandFingerprint: fingerprint,
}: CreateOptions): CommandIdentity | undefined {
  if (id === undefined && fingerprint === undefined) return undefined;
  for (const text of fingerprint === undefined ? [id] : [id, fingerprint]) {
    if (typeof text === 'string' && text !== '' && !text.includes('\0')) continue;
    throw new InvalidOptionsError(
      `${JSON.stringify(text)} is no ${text === id ? 'id' : 'fingerprint'} of a command.`,
      'Use a text that is not empty. A fingerprint needs an id beside it.',
    );
  }
  return { id: id as string, ...(fingerprint !== undefined && { fingerprint }) };
}

function settled(
  row: Row | undefined,
  { id, fingerprint }: CommandIdentity,
  { category, knownAs }: EntityMapping,
  streamId: string | undefined,
): SettledCommand | undefined {
  if (!row) return undefined;
  if (fingerprint !== undefined && row.fingerprint !== null && row.fingerprint !== fingerprint) {
    throw new BackstoryError(
      'COMMAND_ID_REUSED',
      `The command id "${id}" is that of a command that was asked with something else: its fingerprint is another one.`,
      'Give each command an id of its own, and repeat it with what it was asked with the first time.',
    );
  }
  const { stream_id: known, stream_position: position } = row;
  const isOther =
    row.category !== category || (streamId !== undefined && known !== null && known !== streamId);
  if (!isOther && known !== null && position !== null) return { streamId: known, position: Number(position) };
  throw new BackstoryError(
    'COMMAND_REFUSED',
    isOther
      ? `The command id "${id}" is that of a command on "${row.category}-${known ?? '…'}", and this one is on "${knownAs}-${streamId ?? '…'}".`
      : `The command "${id}" is under way in this transaction.`,
    'Give each command an id of its own: that of the message that asks for it, and the name of the command.',
  );
}
