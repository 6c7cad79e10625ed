import { createHmac } from 'node:crypto';
import { sameSecret } from './same-secret.js';

const name = 'backstory_dashboard';

/** Says until when somebody is signed in. Signed with the secret, so another secret signs everybody out; nothing is kept on the server. */
export function secretCookie(secret: string, hours: number, secure: boolean): string {
  const until = String(Date.now() + hours * 3_600_000);
  const attributes = `Path=/; Max-Age=${Math.round(hours * 3600)}; HttpOnly; SameSite=Strict`;
  return `${name}=${until}.${signature(secret, until)}; ${attributes}${secure ? '; Secure' : ''}`;
}

export function hasSecretCookie(secret: string, cookies: string | undefined): boolean {
  return (cookies ?? '').split(';').some((cookie) => {
    const [, until, signed] = cookie.trim().match(/^backstory_dashboard=(\d{1,15})\.([\w-]+)$/) ?? [];
    if (until === undefined || signed === undefined) return false;
    return sameSecret(signed, signature(secret, until)) && Number(until) > Date.now();
  });
}

function signature(secret: string, until: string): string {
  return createHmac('sha256', secret).update(`backstory dashboard until ${until}`).digest('base64url');
}
