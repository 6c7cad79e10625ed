import type { Client, Connection, Submittable } from 'pg';

/** COPY … FROM STDIN, which pg has no call for. @returns how many rows were copied */
export function copyIn(client: Client, copy: string, data: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let result: number | Error = 0;
    client.query({
      submit: (connection: Connection) => connection.query(copy),
      handleCopyInResponse: (
        connection: Connection & { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void },
      ) => {
        connection.sendCopyFromChunk(Buffer.from(data));
        connection.endCopyFrom();
      },
      handleCommandComplete: ({ text }: { text: string }) => (result = Number(text.split(' ')[1])),
      handleError: (error: Error) => {
        result = error;
        reject(error);
      },
      handleReadyForQuery: () => (result instanceof Error ? reject(result) : resolve(result)),
    } as unknown as Submittable);
  });
}
