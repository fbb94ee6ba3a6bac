// What the page asks the service.

import type { Problem, Report } from './report.ts';

export type Answer =
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'fault'; readonly sentence: string };

/** `options` as the query has them. Never rejects. */
export async function askToRewrite(content: Blob | string, options: URLSearchParams): Promise<Answer> {
  const type = typeof content === 'string' ? 'text/plain;charset=utf-8' : 'application/x-bittorrent';
  try {
    const response = await fetch(`v1/rewrite?${options}`, {
      method: 'POST',
      body: content,
      headers: { 'content-type': type, accept: 'application/json' },
    });
    if (response.ok) return { kind: 'report', report: (await response.json()) as Report };
    const problem = (await response.json()) as Problem;
    return { kind: 'fault', sentence: problem.detail ?? problem.title };
  } catch {
    return {
      kind: 'fault',
      sentence: 'The server did not answer. Is it running, and is this smaller than it takes?',
    };
  }
}
