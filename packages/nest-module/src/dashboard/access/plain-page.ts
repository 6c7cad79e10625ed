import { createHash } from 'node:crypto';

const style =
  ':root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:15vh auto;padding:0 1rem}' +
  'h1{font-size:1.25rem}label,input,button{display:block;font:inherit}input{box-sizing:border-box;width:100%;padding:.5rem;margin:.25rem 0 1rem}' +
  'button{padding:.5rem 1.25rem}';

/** Nothing but its own style and its own form. */
export const plainPagePolicy =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; ` +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** For who isn't let in. `problem` is text. */
export function refusedPage(problem: string): string {
  return page('No access', `<p>${escaped(problem)}</p>`);
}

export function signInPage(problem: string): string {
  return page(
    'Sign in',
    `<form method="post" action="">
<p role="alert">${escaped(problem)}</p>
<label for="secret">Secret</label>
<input id="secret" name="secret" type="password" autocomplete="current-password" required autofocus>
<button>Sign in</button>
</form>`,
  );
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${style}</style>
</head>
<body><main>
<h1>${title}</h1>
${content}
</main></body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
