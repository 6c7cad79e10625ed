import diagnostics from 'node:diagnostics_channel';
import type { Backstory } from '@backstory/adapter';
import type { CodeBlock } from './code-blocks.js';
import { runShellLine } from './run-shell-line.js';
import * as shop from './taken-for-granted.js';
import type { WrittenBlocks } from './written-blocks.js';

/** Runs a block against the shop that is open. */
export async function runBlock(
  block: CodeBlock,
  written: WrittenBlocks,
  preparations = shop.before,
): Promise<void> {
  const { page, line, language, code, before } = block;
  const opensItself = language === 'ts' && code.includes('createBackstory(');
  const unsubscribe = endSubscriptions();
  let opened: Backstory | undefined;
  try {
    await shop.reconnect(!code.includes('dataSource.initialize()'));
    if (!opensItself || before) await shop.openBackstory();
    if (before) await preparation(before, preparations)();
    if (opensItself && before) await shop.backstory.close();
    if (language === 'ts') {
      // loaded by what a page's reader would load it with, too
      const { run } = jest.requireActual<{ run: () => Promise<Backstory | undefined> }>(
        written.fileOf(block),
      );
      opened = await run();
    } else if (language === 'sh') {
      await shop.backstory.close();
      for (const each of code.split('\n')) await runShellLine(each);
    } else if (language === 'sql') await shop.dataSource.query(code);
    else throw new Error(`Nobody knows how to run "${language}".`);
  } catch (error) {
    throw new Error(`${page}:${line}: ${(error as Error).message}`, { cause: error });
  } finally {
    await (opensItself ? opened : shop.backstory)?.close();
    unsubscribe();
  }
}

export function preparation(name: string, preparations = shop.before): () => Promise<void> {
  const found = preparations[name];
  if (!found) throw new Error(`There is no preparation "${name}".`);
  return found;
}

/** The subscriptions of a block have no end: a reader's process has. */
function endSubscriptions(): () => void {
  const { subscribe } = diagnostics;
  const subscriptions: Parameters<typeof subscribe>[] = [];
  const spy = jest.spyOn(diagnostics, 'subscribe').mockImplementation((...subscription) => {
    subscriptions.push(subscription);
    subscribe(...subscription);
  });
  return () => {
    spy.mockRestore();
    for (const subscription of subscriptions) diagnostics.unsubscribe(...subscription);
  };
}
