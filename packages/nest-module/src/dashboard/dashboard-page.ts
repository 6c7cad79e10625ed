import { script, style } from './generated/bundle.js';
import type { DashboardRequest } from './dashboard-answer.js';
import type { DashboardHistories } from './dashboard-histories.js';

/** What the page loads, from memory. */
export const dashboardFiles: ReadonlyMap<string, { type: string; content: string }> = new Map([
  ['dashboard.js', { type: 'text/javascript', content: script }],
  ['dashboard.css', { type: 'text/css', content: style }],
]);

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='none' stroke='%23627d98' stroke-width='2' stroke-linecap='round' d='M3 3v10M3 5h7M3 9h10M3 13h5'/%3E%3C/svg%3E";

/** Every address is relative to the page's own: so it doesn't matter what a global prefix or a proxy puts in front. */
export function dashboardPage(
  title: string,
  { originalUrl, url }: DashboardRequest,
  { own, tenants }: DashboardHistories['kinds'],
): string {
  const [path = ''] = (originalUrl ?? url).split('?');
  const here = path.endsWith('/') ? '' : `${path.slice(path.lastIndexOf('/') + 1)}/`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escaped(title)}</title>
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="${escaped(here)}assets/dashboard.css">
<script type="module" src="${escaped(here)}assets/dashboard.js"></script>
</head>
<body>
<div id="dashboard" data-title="${escaped(title)}"${own ? ' data-own' : ''}${tenants ? ' data-tenants' : ''}></div>
<noscript>The dashboard needs JavaScript. The same is said by: npx backstory status</noscript>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
