import type { Command } from 'commander';
import { InvalidOptionsError } from '../../errors.js';
import type { SealDifference, SealVerification } from '../../seals/index.js';
import { type Cli, type CommandInput, type CommandRun, positiveInteger, print } from '../cli.js';
import { examples } from '../examples.js';
import { sayNext } from '../say-next.js';
import { untilStopped } from '../stop-signals.js';
import { underWay } from '../under-way.js';

const lines = [
  ['seal --digest /evidence/digests.jsonl', 'seal what has come since the last time'],
  ['seal --digest /evidence/digests.jsonl --every 10', 'again and again, every ten seconds'],
  ['seal verify --digest /evidence/digests.jsonl', 'prove that nothing was changed since'],
  ['seal proof order-42@3 > proof.json', 'the proof of one event, for somebody without the database'],
  ['seal status', 'how far the log is sealed'],
] as const;

const more = `Keep the digests where nobody who may write to the database can write: they are what tells when somebody has made all
seals anew. "seal verify" ends with 2 where something differs. docs/evidence.md says what it proves and what not.`;

export function sealCommand(program: Command, cli: Cli): void {
  program
    .command('seal')
    .argument('[action]', 'verify, proof or status; seals when none is named')
    .argument('[event]', 'of which the proof is: order-42@3')
    .option('--digest <file>', 'file with the digests, one JSON line for each block')
    .option('--block-size <events>', 'events in a block, at most', '10000')
    .option('--every <seconds>', 'go on sealing until it is stopped')
    .option('--limit <differences>', 'differences to list', '20')
    .description(
      'evidence that nobody has changed events; "verify" ends with exit code 2 where something differs',
    )
    .addHelpText('after', examples(lines, more))
    .action(cli.action(choose));
}

const choose: CommandRun = (backstory, input) => {
  const [action, event] = input.args as [string | undefined, string | undefined];
  if (action === undefined) return seal(backstory, input);
  if (action === 'verify') return verify(backstory, input);
  if (action === 'status') return status(backstory, input);
  if (action === 'proof') return proof(backstory, input, event);
  throw new InvalidOptionsError(
    `seal can't "${action}".`,
    'Use one of: seal verify, seal proof order-42@3, seal status; or seal alone.',
  );
};

const seal: CommandRun = async (backstory, input) => {
  const { digest, every } = input.options;
  const options = {
    blockSize: positiveInteger(input.options['blockSize'], '--block-size'),
    ...(typeof digest === 'string' && { digest }),
  };
  if (every !== undefined) {
    const everyMs = positiveInteger(every, '--every') * 1000;
    await untilStopped(
      () => undefined,
      (signal) => backstory.seals.run({ ...options, everyMs, signal }),
    );
    return 0;
  }
  const report = await underWay(input.terminal, 'seal', (following) =>
    backstory.seals.seal({ ...options, ...following }),
  );
  print(input, report, () => {
    const { sealed, blocks, events, newest, digests, stopped } = report;
    if (!sealed) return stopped ? stoppedSealing : 'There is nothing to seal.\n';
    const behind = BigInt(newest) - BigInt(sealed.to);
    return (
      `Sealed ${events} events in ${blocks} blocks, up to position ${sealed.to} at ${sealed.at}. Digests written: ${digests}.\n` +
      (stopped
        ? stoppedSealing
        : behind > 0n
          ? `${behind} positions behind it wait for transactions that were open: the next run seals them.\n`
          : '')
    );
  });
  if (report.sealed && typeof digest === 'string')
    sayNext(input, `seal verify --digest ${digest}`, 'prove that nothing was changed since');
  return report.stopped ? 1 : 0;
};

const stoppedSealing = 'Stopped before the end of the log. What is sealed is sealed; the next run goes on.\n';

const verify: CommandRun = async (backstory, input) => {
  const { digest } = input.options;
  const options = {
    limit: positiveInteger(input.options['limit'], '--limit'),
    ...(typeof digest === 'string' && { digest }),
  };
  const report = await underWay(input.terminal, 'seal verify', (following) =>
    backstory.seals.verify({ ...options, ...following }),
  );
  print(input, report, () => report.differences.map(inWords).join('') + summary(report));
  if (report.stopped) return 1;
  return report.clean ? 0 : 2;
};

function inWords({ kind, block, position, event, problem }: SealDifference): string {
  const what = event ?? (kind === 'block' || kind === 'digest' ? `block ${block}` : 'an event');
  return `${what}, position ${position ?? 'unknown'}, block ${block}: ${problem}\n`;
}

function summary(report: SealVerification): string {
  if (report.stopped) return stoppedVerifying(report);
  const { blocks, events, sealed, unsealed, erased, standIns, digests, differing, differences } = report;
  return [
    differing > differences.length && `${differing - differences.length} more differences.`,
    differing === 0 && `${events} events in ${blocks} blocks are as they were sealed.`,
    `Sealed up to position ${sealed.to} at ${sealed.at}; ${unsealed} events since are not.`,
    digests
      ? `Compared with ${digests.compared} digests from outside, which agree up to position ${digests.to}${digests.complete ? '' : ` of ${sealed.to}`}.`
      : 'No digests were given: whoever may write to the tables of seals could have made all of this anew.',
    digests &&
      !digests.complete &&
      'They are not all: behind that position whoever may write to the tables of seals could have made them anew.',
    digests && digests.unreadable > 0 && `${digests.unreadable} lines of the digests are cut, or are none.`,
    erased > 0 &&
      `${erased} events are erased: their type, time, position and ids are as they were sealed; what else is left in data and metadata is not proven.`,
    standIns > 0 &&
      `${standIns} states stand in the log for archived events and are not sealed: "npx backstory verify" compares them with the rows.`,
  ]
    .filter((line) => typeof line === 'string')
    .map((line) => `${line}\n`)
    .join('');
}

/** Never that all is well. */
function stoppedVerifying({ blocks, events, sealed, differing }: SealVerification): string {
  return (
    `Stopped: ${events} events in ${blocks} blocks were looked at, up to position ${sealed.to}, and ${differing} differences found. ` +
    'It proves nothing of the log; the same command begins anew.\n'
  );
}

const status: CommandRun = async (backstory, input) => {
  const found = await backstory.seals.status();
  print(input, found, () => {
    if (!found) return 'Nothing is sealed, or this role may not see it.\n';
    const { to, at, newest, blocks, unpublished } = found;
    return `Sealed up to position ${to} at ${at}, in ${blocks} blocks. The newest event is at ${newest}. Digests not written: ${unpublished}.\n`;
  });
  return 0;
};

async function proof(
  backstory: Parameters<CommandRun>[0],
  input: CommandInput,
  event: string | undefined,
): ReturnType<CommandRun> {
  const [, category, streamId, position] = /^([^-]+)-(.+)@(\d+)$/s.exec(event ?? '') ?? [];
  if (category === undefined || streamId === undefined) {
    throw new InvalidOptionsError(
      `"${event ?? ''}" is no event.`,
      'Name one: npx backstory seal proof order-42@3.',
    );
  }
  const found = await backstory.seals.proof(category, streamId, Number(position));
  input.terminal.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  return 0;
}
