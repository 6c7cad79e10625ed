import { writeFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';

/** No picture in WebP is higher. */
const mostPixels = 16_383;

/** All of a page, or as much of its top as a picture can have, as WebP, of which the browser makes a fifth of the bytes of a PNG; Playwright itself only takes PNG and JPEG. */
export async function takePicture(page: Page, file: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { cssContentSize } = await session.send('Page.getLayoutMetrics');
  const { data } = await session.send('Page.captureScreenshot', {
    format: 'webp',
    quality: 80,
    captureBeyondViewport: true,
    clip: {
      x: 0,
      y: 0,
      width: cssContentSize.width,
      height: Math.min(cssContentSize.height, mostPixels),
      scale: 1,
    },
  });
  await session.detach();
  await writeFile(file, Buffer.from(data, 'base64'));
}
