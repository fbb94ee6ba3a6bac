// Chromium as a reader has it: pages that may load nothing from elsewhere, and what can be seen of them.

import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { expect, onTestFinished } from 'vitest';

/** Root may not have Chromium's own sandbox; what it is shown here is ours. */
export function launchBrowser(...words: readonly string[]): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', ...words] });
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
}

/** Fails the test for what leaves the server, what the policy stops, and what a script throws. */
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  const faults: string[] = [];
  const { origin } = new URL(url);
  context.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith(`blob:${origin}/`))
      faults.push(`asked ${request.url()}`);
  });
  const page = await context.newPage();
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML|Refused/i.test(message.text())) faults.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    expect(faults).toEqual([]);
  });
  await page.goto(url);
  return { page, context };
}

export const wide = (page: Page) => page.evaluate('document.documentElement.scrollWidth');

export interface Contrast {
  readonly text: string;
  readonly ratio: number;
}

/** WCAG 2.2's contrast of every text with what is behind it. */
const MEASURE_CONTRAST = `(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (node) => {
    for (let each = node; each; each = each.parentElement) {
      const colour = rgb(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const { parentElement: parent, data } = texts.currentNode;
    if (data.trim() === '' || !parent.checkVisibility()) continue;
    const [light, dark] = [luminance(rgb(getComputedStyle(parent).color)), luminance(behind(parent))].sort((a, b) => b - a);
    found.push({ text: data.trim(), ratio: (light + 0.05) / (dark + 0.05) });
  }
  return found;
})()`;

/** Of every text that can be seen. */
export async function measureContrast(page: Page): Promise<readonly Contrast[]> {
  return (await page.evaluate(MEASURE_CONTRAST)) as Contrast[];
}
