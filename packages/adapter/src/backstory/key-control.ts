import { type Database, quoteIdentifier } from '../database/index.js';
import { databaseSubjectKeys, type SubjectKeys } from '../encryption/decryption/index.js';
import { type RewrapReport, rewrapKeys, type WrappingKey, wrappingKeys } from '../encryption/index.js';
import { InvalidOptionsError } from '../errors.js';
import type { EntityMapping, MappingRegistry } from '../mapping/index.js';
import type { ProgressOptions } from '../observation/index.js';
import type { EncryptionOptions } from '../options/index.js';

/** The keys of subjects, with which relays encrypt. Needs `encryption.keys` in the options. */
export class KeyControl implements SubjectKeys {
  private readonly lookup: SubjectKeys | undefined;

  /** @internal */
  constructor(
    private readonly database: Database,
    private readonly schema: string,
    /** @internal */
    readonly encryption: EncryptionOptions | undefined,
    private readonly mappings: MappingRegistry,
  ) {
    const sql = {
      query: (text: string, values: unknown[] = []): Promise<unknown> => database.execute(text, values),
    };
    this.lookup = encryption && databaseSubjectKeys(sql, { keys: encryption.keys, schema });
  }

  /**
   * The data keys of subjects, for an endpoint that receivers ask who may not read the database. Who gets an answer can read
   * everything of these subjects: ask who it is.
   * @returns 32 bytes for each that lives, `erased` for each whose key was destroyed
   * @throws InvalidOptionsError without `encryption`; BackstoryError RIGHTS_MISSING; what the key provider throws
   * @example const keys = await backstory.keys.find(['customer:1']);
   */
  async find(subjects: readonly string[]): Promise<ReadonlyMap<string, Uint8Array | 'erased'>> {
    return (this.lookup ?? this.refuse()).find(subjects);
  }

  /**
   * Wraps every living key by the provider's present key, so that a former one can be given up. What was encrypted stays readable.
   * The business of the tables' owner. Interrupted, it goes on when it is called again.
   * @param following - `onProgress`, before each key; `signal`, which stops it behind the key that is under way
   * @throws InvalidOptionsError without `encryption`; BackstoryError RIGHTS_MISSING; what the key provider throws
   * @example await backstory.keys.rewrap();
   */
  async rewrap(following: ProgressOptions = {}): Promise<RewrapReport> {
    if (!this.encryption) return this.refuse();
    return rewrapKeys(this.database, this.schema, this.encryption.keys, following);
  }

  /**
   * Under which keys of the provider those of subjects are wrapped, how many of each, and whether the provider can still unwrap with it.
   * The business of the tables' owner.
   * @throws InvalidOptionsError without `encryption`; BackstoryError RIGHTS_MISSING; what the key provider throws when it wraps
   * @example const wrapping = await backstory.keys.list();
   */
  async list(): Promise<WrappingKey[]> {
    if (!this.encryption) return this.refuse();
    return wrappingKeys(this.database, this.schema, this.encryption.keys);
  }

  /**
   * Before events are published as they are by a process that has no keys.
   * @throws InvalidOptionsError where other relays of the history encrypt
   * @internal
   */
  async requireNone(): Promise<void> {
    if (this.encryption) return;
    const [{ any } = { any: false }] = await this.database.execute<{ any: boolean }>(
      `select ${quoteIdentifier(this.schema)}.has_subject_keys() as any`,
    );
    if (!any) return;
    throw new InvalidOptionsError(
      'Relays of this history encrypt, and this command has no keys: it would publish personal data as they are.',
      'Name a file whose options have encryption: --config dist/backstory.config.js. To publish them as they are all the same: --plain-text.',
    );
  }

  /**
   * Aggregates that say what of them is personal, where nothing encrypts it.
   * @internal
   */
  readable(): string[] {
    if (this.encryption) return [];
    const says = ({ personal }: EntityMapping): boolean => personal !== undefined && personal.length > 0;
    return this.mappings
      .all()
      .filter((root) => [root, ...root.parts].some(says))
      .map(({ knownAs }) => knownAs);
  }

  private refuse(): never {
    throw new InvalidOptionsError(
      'There is nothing that holds keys.',
      'Give the options encryption: { keys: environmentKeys() }, as for relays that encrypt; on the command line in the file that --config names.',
    );
  }
}
