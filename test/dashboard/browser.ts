import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** CHROMIUM names one that is elsewhere. */
export const executablePath = process.env.CHROMIUM ?? places.find((place) => existsSync(place));

/** Where there is no Chromium, its tests are skipped, and say so. */
export const describeInBrowser = executablePath ? describe : describe.skip;
if (!executablePath) {
  process.stderr.write(
    `No Chromium at ${places.join(', ')}: tests in a browser are skipped (CHROMIUM names another).\n`,
  );
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(executablePath && { executablePath }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** What must not happen on a page: violations of its policy, errors, and requests to elsewhere. */
export async function watchPage(page: Page, origin: string): Promise<string[]> {
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('dialog', (dialog) => {
    faults.push(`a dialog says: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:'))
      faults.push(`request to ${request.url()}`);
  });
  page.setDefaultTimeout(20_000);
  await page.exposeFunction('noteViolation', (violation: string) => faults.push(`violates ${violation}`));
  await page.addInitScript(`addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    noteViolation(violatedDirective + ': ' + blockedURI))`);
  return faults;
}
