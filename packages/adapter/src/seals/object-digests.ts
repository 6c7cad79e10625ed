import type { DigestStore } from './seal-digest.js';

/** An object to be put, as S3 names what it has. */
export interface DigestObject {
  readonly Bucket: string;
  readonly Key: string;
  readonly Body: string;
  readonly ContentType: string;
}

/** `S3` of `@aws-sdk/client-s3`, or whatever puts objects in its way. */
export interface ObjectClient {
  putObject(object: DigestObject): Promise<unknown>;
}

/** `S3Client` of `@aws-sdk/client-s3`, which is given commands. */
export interface ObjectCommandClient {
  // a method, so that a client of any commands fits
  send(command: never): Promise<unknown>;
}

export interface ObjectDigestOptions {
  client: ObjectClient | ObjectCommandClient;
  bucket: string;
  /** Before the name of each object. @defaultValue 'backstory/' */
  prefix?: string;
  /** That of `@aws-sdk/client-s3`, for a client with `send`. */
  PutObjectCommand?: new (object: DigestObject) => unknown;
}

/**
 * Digests as objects of a bucket, `backstory/000000000017.json`, each a line of JSON: put one behind the other they are a file that
 * `npx backstory seal verify --digest` reads. Give the bucket versions and a lock of objects, so that nobody can replace them.
 * @example const digest = objectDigests({ client: new S3(), bucket: 'digests-of-the-shop' });
 */
export function objectDigests({
  client,
  bucket,
  prefix = 'backstory/',
  PutObjectCommand,
}: ObjectDigestOptions): DigestStore {
  return {
    write: async (digest) => {
      const object = {
        Bucket: bucket,
        Key: `${prefix}${String(digest.block).padStart(12, '0')}.json`,
        Body: `${JSON.stringify(digest)}\n`,
        ContentType: 'application/json',
      };
      if ('putObject' in client) await client.putObject(object);
      else if (PutObjectCommand) await client.send(new PutObjectCommand(object) as never);
      else throw new TypeError('objectDigests: a client without putObject needs PutObjectCommand, too.');
    },
  };
}
