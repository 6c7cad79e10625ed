import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** What of a page isn't accessible. As text, which runs there: this program knows nothing of a browser's globals. */
export async function violations(page: Page): Promise<unknown> {
  await page.evaluate(axe.source);
  return page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })) })))`);
}
