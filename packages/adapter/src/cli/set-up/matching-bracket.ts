/** What a bracket means nothing in: strings, templates, comments. */
const skipped = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[^]*?\*\//gy;

/** The position of the bracket that closes the one at `start`, or undefined. Regular expressions in the source aren't understood. */
export function matchingBracket(source: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < source.length; at++) {
    skipped.lastIndex = at;
    const text = skipped.exec(source)?.[0];
    if (text !== undefined) at += text.length - 1;
    else if ('([{'.includes(source[at] ?? ' ')) depth++;
    else if (')]}'.includes(source[at] ?? ' ') && --depth === 0) return at;
  }
  return undefined;
}

/** The source with blanks in place of strings and comments: what is found in it is code. Positions stay. */
export function codeOnly(source: string): string {
  return source.replace(new RegExp(skipped.source, 'g'), (text) => text.replace(/[^\n]/g, ' '));
}
