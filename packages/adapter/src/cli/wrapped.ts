/**
 * Lines that are longer than the terminal is wide, broken between words and indented as their beginning is; a list goes on behind its dash.
 * As it is where it is no terminal: who reads a pipe wants lines whole.
 */
export function wrapped(
  stream: NodeJS.WritableStream & { isTTY?: boolean; columns?: number },
  text: string,
): string {
  const { isTTY, columns } = stream;
  if (!isTTY || columns === undefined || columns < 20) return text;
  return text
    .split('\n')
    .map((line) => wrap(line, columns))
    .join('\n');
}

function wrap(line: string, columns: number): string {
  if (line.length <= columns) return line;
  const indent = ' '.repeat(/^ *(?:- )?/.exec(line)?.[0].length ?? 0);
  const lines: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const broken = rest.lastIndexOf(' ', columns);
    const at = broken > indent.length ? broken : rest.indexOf(' ', columns);
    if (at < 0) break;
    lines.push(rest.slice(0, at));
    rest = indent + rest.slice(at + 1);
  }
  return [...lines, rest].join('\n');
}
