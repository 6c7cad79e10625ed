import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blockOfExample } from './block-of-example.js';
import { type Docstring, publicFace } from './docstrings.js';
import { runBlock } from './run-block.js';
import * as surroundings from './docstring-surroundings.js';
import * as shop from './taken-for-granted.js';
import { WrittenBlocks } from './written-blocks.js';

const root = join(__dirname, '../..');
const written = new WrittenBlocks('docstrings', ['taken-for-granted.ts', 'docstring-surroundings.ts']);
const face = publicFace();

/** What has to have happened before an example runs. */
const before: Readonly<Record<string, readonly string[]>> = {
  'a history of order 42': [
    'Backstory.erase',
    'Backstory.restore',
    'Backstory.replay',
    'AdminQueries.event',
    'AdminQueries.stateAt',
    'AdminQueries.compareVersions',
  ],
  'a mailer is defined': ['runOnce'],
  'a message has come': ['createInbox', 'decryptEvent', 'decryptEvents', 'readCloudEvent'],
  'a stream that a consumer has parked': [
    'ConsumerControl.parked',
    'ConsumerControl.retryParked',
    'ConsumerControl.discardParked',
  ],
  'backfill and verify': ['StageControl.set'],
  'commands are known': ['Backstory.handle', 'Backstory.create', 'Aggregates'],
  'personal data are known': ['ErasureControl', 'KeyControl'],
  'the application is healthy': ['BackstoryHealthIndicator'],
  'the inbox is installed': ['Inbox'],
  'the log is exported': [
    'FileControl.check',
    'FileControl.import',
    'FileControl.drop',
    'FileControl.history',
    'FileControl.state',
  ],
  'the log is sealed': ['SealControl.verify', 'SealControl.proof'],
  'the projection is running': ['ConsumerControl.wait', 'ConsumerControl.rebuild', 'ConsumerControl.rebuilt'],
  'the tenants acme and globex': ['createBackstoryForTenants'],
  'the tenants are open': ['TenantBackstories'],
};
const beforeOf = (name: string): string | undefined =>
  Object.entries(before).find(
    ([, names]) => names.includes(name) || names.includes(name.split('.', 1)[0] as string),
  )?.[0];
/** Each group has a shop; with tenants it is another one. */
const groupOf = (name: string): string => {
  const [owner = name, method] = name.split('.');
  if (owner.includes('Tenant')) return 'tenants';
  return method === undefined ? 'functions' : owner;
};

/** Examples that are not run, and why. */
const typesOnly: Readonly<Record<string, string>> = {
  publisherContract: 'it declares tests, as the others do: specs of what the packages bring run them',
  inboxContract: 'as above',
  keyProviderContract: 'as above',
  fileStoreContract: 'as above',
};

/** What a reader needs no example of: NestJS calls it. */
const needsNone = /\.(configure|onApplicationShutdown)$/;

/** `forRoot`, where the example of its module calls it. */
const isInExampleOfClass = (name: string): boolean => {
  const [owner, method] = name.split('.');
  const ofClass = face.docstrings.find((docstring) => docstring.kind === 'class' && docstring.name === owner);
  return ofClass?.examples.some(({ code }) => code.includes(`.${method}(`)) ?? false;
};

const isRun = ({ name, kind }: Docstring): boolean =>
  kind !== 'option' && kind !== 'type' && !Object.hasOwn(typesOnly, name);

const examples = face.docstrings.flatMap((docstring) =>
  docstring.examples.map((example) => ({
    name: docstring.name,
    isRun: isRun(docstring),
    block: { ...blockOfExample(docstring, example, face), before: beforeOf(docstring.name) },
  })),
);
const groups = [...new Set(examples.filter((each) => each.isRun).map(({ name }) => groupOf(name)))];

beforeAll(() => {
  process.env.DASHBOARD_SECRET ??= 'of the reader, at random';
  process.env.DASHBOARD_PASSWORD ??= 'of the reader, at random';
  written.write(examples.map(({ block }) => block));
});

afterAll(async () => {
  written.remove();
  await shop.dropShop();
});

it('each example in the sources is one of the public face', () => {
  const tags = ['adapter', 'nest-module'].flatMap((name) => {
    const folder = join(root, 'packages', name, 'src');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    return files.flatMap((file) => [
      ...readFileSync(join(folder, file), 'utf8').matchAll(/^\s*(\/\*\*|\*) @example\b/gm),
    ]);
  });
  expect(tags).toHaveLength(examples.length);
});

it('each function, decorator and public method has an example', () => {
  const lacking = face.docstrings
    .filter(({ kind, examples: own }) => ['function', 'method'].includes(kind) && own.length === 0)
    .map(({ name }) => name)
    .filter((name) => !needsNone.test(name) && !isInExampleOfClass(name));
  expect(lacking).toEqual([]);
});

it('examples have the types that they seem to have', () => {
  expect(written.typeErrors()).toEqual([]);
});

describe.each(groups)('%s', (group) => {
  const folder = mkdtempSync(join(tmpdir(), 'backstory-examples-'));
  const here = process.cwd();
  beforeAll(() => {
    process.chdir(folder); // some write files
    return shop.openShop();
  });
  afterEach(() => surroundings.tenants?.close());
  afterAll(async () => {
    await shop.closeShop();
    process.chdir(here);
    rmSync(folder, { recursive: true });
  });

  const own = examples.filter(({ name, isRun }) => isRun && groupOf(name) === group);
  for (const { name, block } of own)
    it(`${name}, line ${block.line}`, () => runBlock(block, written, surroundings.before));
});
