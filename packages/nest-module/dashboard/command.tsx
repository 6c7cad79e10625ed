import { commandHere } from './command-here.js';

/** What to type for a change that isn't allowed here. */
export function Command({ text }: { text: string }) {
  return (
    <p class="more">
      Changes are not allowed here. On the command line: <code>{commandHere(text)}</code>
    </p>
  );
}
