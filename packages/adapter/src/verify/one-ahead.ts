/**
 * Asks for the next of something while its reader is at work on the one before: the server reads while Node.js compares. The reader must not use
 * the connection that it is read through.
 */
export async function* oneAhead<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item> {
  let next = items.next();
  try {
    for (;;) {
      const page = await next;
      if (page.done) return;
      next = items.next();
      // whoever stops before it is asked for doesn't hear of its failure
      next.catch(() => undefined);
      yield page.value;
    }
  } finally {
    // nothing of it is under way any more when its reader goes on with something else
    await next.catch(() => undefined);
  }
}
