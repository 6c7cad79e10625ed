import { PassThrough } from 'node:stream';
import { wrapped } from './wrapped.js';

const terminal = (columns: number) => Object.assign(new PassThrough(), { isTTY: true, columns });

describe('a text on a terminal', () => {
  it('is broken between words, and goes on behind the dash of its list', () => {
    expect(wrapped(terminal(24), 'It was refused:\n  - 0 of 3 shadow reads were compared\nend')).toBe(
      'It was refused:\n  - 0 of 3 shadow reads\n    were compared\nend',
    );
  });

  it('leaves a word whole that is longer than the terminal is wide', () => {
    const path = 'packages/adapter/src/cli/wrapped.ts';
    expect(wrapped(terminal(20), `see ${path} and go on`)).toBe(`see\n${path}\nand go on`);
  });

  it('is as it is in a pipe, and where it fits', () => {
    const long = 'a word and '.repeat(40);
    expect(wrapped(new PassThrough(), long)).toBe(long);
    expect(wrapped(terminal(80), 'short')).toBe('short');
  });
});
