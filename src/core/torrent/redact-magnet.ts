// A magnet link as people and logs may see it: passkeys hide in its trackers, web seeds and sources.

import { redactUrl } from '../rewrite/redact.ts';
import { splitMagnet } from './magnet.ts';

/** The link with those values redacted, decoded or hidden whole; the rest is as given. */
export function redactMagnet(uri: string): string {
  const link = splitMagnet(uri);
  if (link === undefined) return '…';
  const parameters = link.parameters.map(({ text, name, url, value }) =>
    /^(?:tr|ws|as|xs)(?:\.|$)/i.test(name) ? `${name}=${redactUrl(url ?? value)}` : text,
  );
  return link.start + parameters.join('&') + (link.fragment === '' ? '' : '#…');
}
