import type { Proposal, Proposed, ProposedAggregate } from './proposal.js';

/** How the application's files name their exports. */
export type ModuleFormat = 'commonjs' | 'module' | 'typescript';

const openings: Record<ModuleFormat, string> = {
  commonjs: `/** @type {import('@backstory/adapter').BackstoryOptions} */\nmodule.exports = {`,
  module: `/** @type {import('@backstory/adapter').BackstoryOptions} */\nexport default {`,
  typescript: `import type { BackstoryOptions } from '@backstory/adapter';\n\nexport default {`,
};

/** A proposal as a file to read: what is proposed, and why, as comments. */
export function configurationText({ aggregates, exclude }: Proposal, format: ModuleFormat): string {
  return [
    '// Proposed by "npx backstory init": from the entities, their foreign keys, and the names of tables and columns.',
    '// Look through it, and change what is wrong: nobody knows the application as you do.',
    openings[format],
    '  aggregates: [',
    '    // every entity that is not named below or left out: a stream for each of its rows',
    "    'all',",
    ...aggregates.flatMap(aggregateLines),
    '  ],',
    ...(exclude.length > 0
      ? ['  // never captured', '  exclude: [', ...exclude.flatMap((each) => named(each, '    ')), '  ],']
      : []),
    format === 'typescript' ? '} satisfies BackstoryOptions;' : '};',
    '',
  ].join('\n');
}

function aggregateLines({
  entity,
  category,
  owns,
  exclude,
  personal,
  notOwned,
}: ProposedAggregate): string[] {
  const doubts = [
    ...notOwned.map(({ name, reason }) => `      // not owned: ${inComment(name)}: ${inComment(reason)}`),
    ...personal.map(({ name, reason }) => `      // in events: ${inComment(name)}: ${inComment(reason)}`),
  ];
  if (owns.length + exclude.length === 0 && category === undefined)
    return [`    // ${inComment(entity)}`, ...doubts.map((line) => line.slice(2))];
  return [
    '    {',
    `      entity: ${literal(entity)},`,
    ...(category === undefined
      ? []
      : [
          `      // in the name of each of its streams, for ever; ${inComment(category.reason)}`,
          `      category: ${literal(category.name)},`,
        ]),
    ...(owns.length > 0
      ? [
          '      // their changes go into its streams, and it replays with them',
          '      owns: [',
          ...owns.flatMap((each) => named(each, '        ')),
          '      ],',
        ]
      : []),
    ...doubts,
    ...(exclude.length > 0
      ? [
          '      // never in an event',
          '      exclude: [',
          ...exclude.flatMap((each) => named(each, '        ')),
          '      ],',
        ]
      : []),
    '    },',
  ];
}

function named({ name, reason }: Proposed, indentation: string): string[] {
  return [`${indentation}${literal(name)}, // ${inComment(reason)}`];
}

function literal(name: string): string {
  return /^[\w.$ -]+$/.test(name) ? `'${name}'` : JSON.stringify(name);
}

/** A name of a table may have any character; a comment ends with its line. */
function inComment(text: string): string {
  return text.replace(/[\n\r\u2028\u2029]+/g, ' ');
}
