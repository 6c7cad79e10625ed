import { BadRequestException } from '@nestjs/common';

const longestKey = 255;

/** A String of RFC 8941, as the draft asks for: `"8e03978e"`. */
const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;

/** As most clients send it: 8e03978e. */
const bare = /^[\x21\x23-\x2b\x2d-\x7e]*$/;

/**
 * The key in a header `Idempotency-Key`, with quotes or without; undefined where there is none.
 * @throws BadRequestException
 */
export function keyOfHeader(header: unknown): string | undefined {
  if (header === undefined) return undefined;
  const text = typeof header === 'string' ? header.trim() : '';
  const key = quoted.exec(text)?.[1]?.replaceAll(/\\(["\\])/g, '$1') ?? (bare.test(text) ? text : '');
  if (key !== '' && key.length <= longestKey) return key;
  throw new BadRequestException(
    `The header Idempotency-Key must be one text of 1 to ${longestKey} characters of ASCII, such as "8e03978e-40d5-43dd-bc93-6894a57f9324".`,
  );
}
