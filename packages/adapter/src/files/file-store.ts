/**
 * Where files of an export are: a folder (`folderFiles`), or a bucket, with a client of yours. Names have `/` between their parts:
 * `category=order/month=2026-11/part-000000000000001.ndjson.gz`.
 */
export interface FileStore {
  /** Resolves when it is there to stay, whole. Replaces what has that name. */
  put(name: string, body: Uint8Array): Promise<void>;
  /** Undefined where there is none. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** The names that begin so. */
  list(prefix: string): Promise<readonly string[]>;
}
