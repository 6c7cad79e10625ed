import { BackstoryError } from '../../errors.js';
import { relationExists } from './relation-exists.js';
import type { TargetDatabase, TargetSession } from './target-database.js';

const version = 1;

/** Quoted names of Backstory's own tables in a target. */
export interface TargetTables {
  /** Where each partition of a generation stands. */
  readonly checkpoints: string;
  /** Positions that a checkpoint has passed by, and whose events have had no effect. */
  readonly parked: string;
  /** The version of these tables. */
  readonly versions: string;
}

export function targetTables({ schema, quote }: TargetDatabase): TargetTables {
  const named = (name: string): string =>
    schema === undefined ? quote(name) : `${quote(schema)}.${quote(name)}`;
  return {
    checkpoints: named('backstory_checkpoints'),
    parked: named('backstory_parked'),
    versions: named('backstory_target'),
  };
}

/**
 * Creates them where they aren't there. While nobody else does.
 * @throws BackstoryError SCHEMA_TOO_NEW
 */
export async function installTargetTables(session: TargetSession, target: TargetDatabase): Promise<void> {
  const { checkpoints, parked, versions } = targetTables(target);
  if (!(await relationExists(session, target, 'backstory_target', target.schema))) {
    const { name, text, ending } = types[target.dialect];
    await session.execute(
      `create table if not exists ${checkpoints} (
        projection ${name} not null, generation int not null, partition_no int not null, partitions int not null,
        position bigint not null, gaps ${text} not null, log_key char(36) not null, log_epoch bigint not null,
        moves bigint not null, ready int not null, primary key (projection, generation, partition_no))${ending}`,
    );
    await session.execute(
      `create table if not exists ${parked} (
        projection ${name} not null, generation int not null, partition_no int not null, position bigint not null,
        primary key (projection, generation, partition_no, position))${ending}`,
    );
    // last: whoever finds it finds the others, too
    await session.execute(
      `create table if not exists ${versions} (version int not null primary key)${ending}`,
    );
  }
  const rows = await session.execute<{ version: number }>(`select version from ${versions}`);
  const found = Math.max(0, ...rows.map((row) => Number(row.version)));
  if (found > version)
    throw new BackstoryError(
      'SCHEMA_TOO_NEW',
      `The checkpoints in ${target.place} are of version ${found}, and this release knows ${version}.`,
      'Update @backstory/adapter here, too.',
    );
  if (found === 0) await session.execute(`insert into ${versions} (version) values (${version})`);
}

const types = {
  postgres: { name: 'varchar(200)', text: 'text', ending: '' },
  mysql: {
    name: 'varchar(200) character set utf8mb4 collate utf8mb4_bin',
    text: 'longtext',
    ending: ' engine = InnoDB',
  },
} as const;

/** A bigint as text, or text as a bigint: the drivers would make numbers of them, and these end at 2^53. */
export function bigint(
  { dialect }: Pick<TargetDatabase, 'dialect'>,
  into: 'text' | 'value',
  expression = '?',
): string {
  const names = { postgres: { text: 'text', value: 'bigint' }, mysql: { text: 'char', value: 'signed' } };
  return `cast(${expression} as ${names[dialect][into]})`;
}
