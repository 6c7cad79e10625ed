import { Argument, type Command } from 'commander';
import { InvalidOptionsError } from '../../errors.js';
import type { ParkedEvent, ParkedSelection } from '../../outbox/index.js';
import {
  attribution,
  type Cli,
  type CommandInput,
  type CommandRun,
  positiveInteger,
  print,
  shown,
} from '../cli.js';
import { behindInWords } from '../behind-in-words.js';
import { examples } from '../examples.js';
import { sayNext } from '../say-next.js';
import { publishUntilEnd } from '../publish-until.js';
import { table } from '../terminal.js';

const lines = [
  ['relay', 'how far each consumer is behind'],
  ['relay parked mailer', 'what it could not handle, and why'],
  ['relay retry mailer --stream order-42', 'try that again'],
  ['relay discard mailer --stream order-42 --reason "gone"', 'give it up'],
  ['relay discard mailer --limit 10 --dry-run', 'which ones those would be'],
  ['relay epochs', 'where the log has lost events, or was put back'],
  ['relay publish broker --to amqp://127.0.0.1 --source /shop', 'publish to RabbitMQ until it is stopped'],
] as const;

export function relayCommand(program: Command, cli: Cli): void {
  program
    .command('relay')
    .addArgument(
      new Argument('[action]', 'what to do')
        .choices(['list', 'parked', 'retry', 'discard', 'publish', 'epochs', 'new-epoch'])
        .default('list'),
    )
    .argument('[consumer]', 'its name; a projection stands for its live generation')
    .option('--stream <name>', 'only events of this stream, such as order-42')
    .option('--limit <events>', 'the first ones, at most')
    .option('--stop-at <position>', 'up to this global position')
    .option('--dry-run', 'retry and discard: show which events are meant')
    .option('--by <name>', 'retry and discard: who decides it')
    .option('--reason <text>', 'discard: why')
    .option('--to <url>', 'publish: amqp://…, nats://… or https://… (signed with BACKSTORY_WEBHOOK_SECRET)')
    .option('--source <uri>', 'publish: names this application in the events, such as /shop')
    .option('--publisher <file>', 'publish: compiled file that exports a publisher, instead of --to')
    .option('--category <names...>', 'publish: only events of these categories')
    .option('--from <place>', 'publish: where a new consumer starts: now, beginning or a global position')
    .option('--partitions <number>', 'publish: parts of the streams, which processes with this command share')
    .option('--include-backfill', 'publish: also first events of rows that were there before')
    .option('--plain-text', 'publish: as they are, although other relays of the history encrypt')
    .option('--until-caught-up', 'publish: end when everything that is there now is published')
    .description(
      'how far consumers are behind; what they could not handle, to be tried again or given up; publish to a broker',
    )
    .addHelpText('after', examples(lines))
    .action(cli.action(relay, 'check', { ofOneTenant: true }));
}

const relay: CommandRun = async (backstory, input) => {
  const [action, consumer] = input.args as [string, string | undefined];
  if (action === 'list') return list(backstory, input);
  if (action === 'epochs') return epochs(backstory, input);
  if (action === 'new-epoch') return newEpoch(backstory, input);
  if (consumer === undefined) {
    throw new InvalidOptionsError(
      `relay ${action} of whom?`,
      'Name the consumer; "npx backstory relay" lists them.',
    );
  }
  if (action === 'publish') return publishUntilEnd(backstory, consumer, input);
  const selection = selectionOf(input.options);
  const { reason = '', ...by } = attribution(input.options);
  const { consumers } = backstory;
  const change = !input.options['dryRun'];
  if (action === 'retry' && change) {
    const asked = await consumers.retryParked(consumer, selection, by);
    print(
      input,
      asked,
      () => `${asked.length} events will be tried again by the workers of "${consumer}".\n`,
    );
  } else if (action === 'discard' && change) {
    const gone = await consumers.discardParked(consumer, selection, { reason, ...by });
    print(input, gone, () => `${gone.length} events of "${consumer}" are given up.\n`);
  } else {
    const parked = await consumers.parked(consumer, selection);
    if (selection.limit !== undefined && parked.length === selection.limit) sayCut(input, parked.length);
    print(input, parked, () =>
      parked.length > 0 ? inWords(parked) : `Nothing of "${consumer}" is parked.\n`,
    );
  }
  return 0;
};

function sayCut({ terminal, options }: CommandInput, limit: number): void {
  if (!options.json)
    terminal.stderr.write(
      `These are the first ${limit}, as --limit says; there may be more: leave it out to see all.\n`,
    );
}

const list: CommandRun = async (backstory, input) => {
  const consumers = await backstory.consumers.list();
  print(input, consumers, () =>
    table(
      ['consumer', 'position', 'behind', 'seconds', 'gaps', 'parked', 'worker', 'fails with'],
      consumers.map(
        ({ name, partition, place, position, due, lag, lagSeconds, gaps, parked, worker, error }) => [
          `${name}/${partition}${place === null ? '' : ` in ${place}`}`,
          Number(position),
          due?.more === false ? due.events : behindInWords({ due, lag }),
          lagSeconds === null ? '-' : Number(lagSeconds.toFixed(1)),
          gaps,
          parked,
          worker ?? 'none',
          error ?? '',
        ],
      ),
    ),
  );
  const stuck = consumers.find(({ parked }) => parked > 0);
  if (stuck) sayNext(input, `relay parked ${stuck.name}`, 'what it could not handle, and why');
  return 0;
};

const epochs: CommandRun = async (backstory, input) => {
  const known = await backstory.consumers.epochs();
  print(input, known, () =>
    known.length === 0
      ? 'The log is in its first epoch.\n'
      : table(
          ['epoch', 'from position', 'began'],
          known.map(({ number, firstPosition, startedAt }) => [
            number,
            Number(firstPosition),
            startedAt.toISOString(),
          ]),
        ),
  );
  return 0;
};

const newEpoch: CommandRun = async (backstory, input) => {
  const number = await backstory.consumers.beginEpoch();
  print(
    input,
    { epoch: number },
    () => `Epoch ${number} has begun: what is written from now on belongs to it.\n`,
  );
  return 0;
};

function inWords(parked: readonly ParkedEvent[]): string {
  return table(
    ['position', 'stream', 'attempts', 'parked', 'error'],
    parked.map(({ globalPosition, category, streamId, attempts, parkedAt, error, retry }) => [
      Number(globalPosition),
      `${category}-${streamId}`,
      attempts,
      parkedAt.toISOString(),
      retry ? 'will be tried again' : error === null ? '(behind one that failed)' : shown(error),
    ]),
  );
}

function selectionOf({ stream, limit, stopAt }: CommandInput['options']): ParkedSelection {
  const [, category, streamId] = typeof stream === 'string' ? (/^([^-]+)-(.+)$/s.exec(stream) ?? []) : [];
  if (stream !== undefined && (category === undefined || streamId === undefined)) {
    throw new InvalidOptionsError(
      `--stream ${JSON.stringify(stream)} is no stream.`,
      'Give category and id: --stream order-42.',
    );
  }
  return {
    ...(category !== undefined && streamId !== undefined && { category, streamId }),
    ...(limit !== undefined && { limit: positiveInteger(limit, '--limit') }),
    ...(stopAt !== undefined && { stopAt: String(positiveInteger(stopAt, '--stop-at')) }),
  };
}
