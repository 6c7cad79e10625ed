import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** NO_COLOR and FORCE_COLOR decide, as everywhere; without them, whether it is a terminal that can. */
function wantsColours(stream: NodeJS.WritableStream & { isTTY?: boolean }): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined) return !['0', 'false'].includes(FORCE_COLOR);
  return stream.isTTY === true && TERM !== 'dumb';
}

/** The text in a style, where the stream is for colours; the text as it is elsewhere. */
export function coloured(stream: NodeJS.WritableStream, style: Style, text: string): string {
  return wantsColours(stream) ? styleText(style, text, { validateStream: false }) : text;
}
