import type { ActiveIntent } from './capture-context.js';

/**
 * Statements that write nothing: transaction control as a statement of its own (but for COMMIT, at which deferred
 * triggers write), settings, and what TypeORM builds to read entities.
 */
const withoutEvents =
  /^\s*(?:(?:start|begin|rollback|savepoint|release|set|show)\b[^;]*;?\s*$|select\s+(?:distinct\s+)?(?:"[^"]+"\."[^"]+"(?!\s*\()|count\s*\())/i;

/** A context goes into every event of its writes: beyond this it is left out, with a word in its place. */
const longest = 65_536;

/**
 * The comment in front of a statement that carries the context to the capture trigger, which reads it from
 * `current_query()`: no round trip, no session state, so it is safe with a pooler in transaction mode.
 * Everything but plain letters, digits and a few signs is escaped as \uXXXX, so no value can end the comment.
 * Empty for statements that can't write, and for what is no object. A context that can't be written as JSON never fails
 * the statement; what the database's encoding lacks is the business of `statement_context`.
 */
export function contextComment(statement: string, context: () => object | undefined): string {
  if (withoutEvents.test(statement)) return '';
  const json = contextJson(context);
  return !json?.startsWith('{') || json === '{}' ? '' : `/*backstory ${escape(json)}*/ `;
}

function contextJson(context: () => object | undefined): string | undefined {
  try {
    const given = context();
    const json = JSON.stringify(given, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    if (json === undefined || json.length <= longest || isAnnouncement(given)) return json;
    return JSON.stringify({ contextError: `a context of ${json.length} characters was left out` });
  } catch (error) {
    return JSON.stringify({ contextError: textOf(error).slice(0, 200) });
  }
}

/** What a command says is what is to be recorded: it has limits of its own. */
function isAnnouncement(context: object | undefined): boolean {
  const { $events } = (context ?? {}) as { $events?: readonly ActiveIntent[] };
  return $events?.some(({ announced }) => announced !== undefined) ?? false;
}

function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'an error without a text';
  }
}

function escape(json: string): string {
  return (
    json
      // jsonb knows neither NUL nor half a surrogate pair; "\\" is taken as a pair, so that it escapes nothing behind it
      .replace(/\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/gi, (sequence) =>
        sequence.length > 2 ? '\\ufffd' : sequence,
      )
      .replace(
        /[^A-Za-z0-9 _.:,+@"\\{}[\]-]/g,
        (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
  );
}
