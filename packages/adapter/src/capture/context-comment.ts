/** Statements that write nothing: transaction control, settings, and what TypeORM builds to read entities. */
const withoutEvents =
  /^\s*(?:select\s+(?:distinct\s+)?(?:"|count\s*\()|start\b|begin\b|commit\b|rollback\b|savepoint\b|release\b|set\b|show\b)/i;

/**
 * The comment in front of a statement that carries the context to the capture trigger, which reads it from
 * `current_query()`: no round trip, no session state, so it is safe with a pooler in transaction mode.
 * Everything but plain letters, digits and a few signs is escaped as \uXXXX, so no value can end the comment.
 * Empty for statements that can't write.
 */
export function contextComment(statement: string, context: object | undefined): string {
  if (context === undefined || withoutEvents.test(statement)) return '';
  const json = JSON.stringify(context);
  if (json === '{}') return '';
  return `/*backstory ${escape(json)}*/ `;
}

function escape(json: string): string {
  return (
    json
      // jsonb knows neither NUL nor half a surrogate pair
      .replace(/\\u0000|\\ud[89a-f][0-9a-f]{2}/gi, '\\ufffd')
      .replace(
        /[^A-Za-z0-9 _.:,+@"\\{}[\]-]/g,
        (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
  );
}
