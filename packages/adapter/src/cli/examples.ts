/** The part of a command's help that teaches: lines to copy, and what each is for. */
export function examples(lines: readonly (readonly [command: string, what: string])[], more = ''): string {
  const commands = lines.map(([command]) => `  $ npx backstory ${command}`);
  const width = Math.max(...commands.map(({ length }) => length));
  const shown = lines.map(([, what], index) => `${(commands[index] ?? '').padEnd(width)}   ${what}`);
  return `\nExamples:\n${shown.join('\n')}\n${more === '' ? '' : `\n${more}\n`}`;
}
