import type { Page } from './read-page.js';

/**
 * The rest after a page in milliseconds: one for each of its events, within these. So a quiet log is heard of at once, and a busy
 * one is read in fewer, larger pages, which its writers feel less (`npm run bench -- load`).
 */
const restMs = { least: 5, most: 20 };

export function restAfter({ events }: Pick<Page, 'events'>): number {
  return Math.min(restMs.most, Math.max(restMs.least, events.length));
}
