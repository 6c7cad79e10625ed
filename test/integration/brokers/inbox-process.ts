import { createInbox } from '@backstory/adapter/inbox';
import { Client } from 'pg';
import { toCloudEvent } from '../../../packages/adapter/src/brokers/cloud-events/index.js';
import { contractEvent } from '../../../packages/adapter/src/testing/contracts/contract-events.js';

/** Handles one event and is killed between its effect and the commit. */
async function main(): Promise<void> {
  const client = new Client({ connectionString: process.argv[2] });
  await client.connect();
  await client.query('begin');
  await createInbox(client).once(toCloudEvent(contractEvent('crash', 1), '/shop'), async (event) => {
    await client.query('insert into effects (id) values ($1)', [event.id]);
  });
  process.stdout.write('done\n');
  setInterval(() => undefined, 1000); // until it is killed
}

void main();
