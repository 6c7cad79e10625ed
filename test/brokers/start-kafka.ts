import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { BrokerServer, installedProgram } from './broker-server.js';

const program = installedProgram('kcat');

/** `describe` where kcat is installed; else it says that its tests are skipped. */
export function describeWithKafka(name: string, body: () => void): void {
  if (!program) process.stderr.write(`Skipped: ${name}, because there is no program "kcat" here.\n`);
  (program ? describe : describe.skip)(name, body);
}

/**
 * A broker that speaks Kafka's protocol: librdkafka's mock cluster, which lives in memory as long as kcat runs. It makes topics by itself, with four
 * partitions, and takes sends with `acks: -1` and consumer groups. It reports no controller, so an idempotent producer of kafkajs can't be tried with
 * it; it takes messages of any size; and what it has confirmed is nowhere but in memory.
 */
export async function startKafka(): Promise<BrokerServer> {
  return new BrokerServer({
    url: /bootstrap\.servers=([\d.:]+)/,
    home: await mkdtemp(join(tmpdir(), 'backstory-kafka-')),
    command: program as string,
    args: ['-b', 'ignored:1', '-X', 'test.mock.num.brokers=1', '-d', 'mock', '-C', '-t', 'warm'],
    answers: async (url) => {
      const admin = kafkaAt(url).admin();
      await admin.connect();
      await admin.listTopics().finally(() => admin.disconnect());
    },
  }).start();
}

/** A client that gives up soon. */
export function kafkaAt(url: string): Kafka {
  return new Kafka({
    brokers: [url],
    logLevel: logLevel.NOTHING,
    requestTimeout: 1_000,
    connectionTimeout: 1_000,
    retry: { retries: 2, initialRetryTime: 50 },
  });
}
