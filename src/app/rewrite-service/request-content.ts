// What a body is, by its media type, and by what it holds where that says nothing, as `portolan rewrite` tells it.

import type { z } from 'zod';
import { octetsToText } from '../../core/octets/text.ts';
import { isMagnet } from '../../core/torrent/magnet.ts';
import { ProblemError } from '../http/problem.ts';
import { type Content, detectContent } from '../rewrite/rewrite-content.ts';
import { MAX_TEXT_OCTETS, MAX_URLS } from './limits.ts';
import { rewriteBodySchema } from './schemas.ts';

export const TORRENT_TYPE = 'application/x-bittorrent';
export const TEXT_TYPE = 'text/plain; charset=utf-8';
export const JSON_TYPE = 'application/json; charset=utf-8';

/** Throws ProblemError. `mediaType` is without parameters; undefined where the client did not say. */
export function readContent(octets: Uint8Array, mediaType: string | undefined): Content {
  if (octets.length === 0) throw new ProblemError('empty-body');
  switch (mediaType) {
    case TORRENT_TYPE:
      return { kind: 'torrent', octets };
    case 'application/json':
      return checkSize(fromJson(octets));
    case undefined:
    case 'application/octet-stream':
      return checkSize(detectContent(octets));
    case 'text/plain':
    case 'text/uri-list':
      return checkSize(readText(octets));
    default:
      throw new ProblemError('unsupported-media-type', {
        detail: `Send ${TORRENT_TYPE}, text/plain, text/uri-list, application/json or application/octet-stream.`,
      });
  }
}

/** A URL or a magnet link, as a query holds it. */
export function readLink(text: string): Content {
  return checkSize({ kind: isMagnet(text) ? 'magnet' : 'url', text });
}

/** A text is never a torrent, whatever it begins with. */
function readText(octets: Uint8Array): Content {
  const content = detectContent(octets);
  return content.kind === 'torrent' ? { kind: 'list', octets } : content;
}

function fromJson(octets: Uint8Array): Content {
  const body = parseBody(octets);
  if ('url' in body) return { kind: 'url', text: body.url };
  if ('magnet' in body) {
    if (!isMagnet(body.magnet)) throw new ProblemError('bad-magnet');
    return { kind: 'magnet', text: body.magnet };
  }
  if ('list' in body) return { kind: 'list', octets: new TextEncoder().encode(body.list) };
  if (body.torrent.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(body.torrent)) throw wrongBody();
  return { kind: 'torrent', octets: Buffer.from(body.torrent, 'base64') };
}

function wrongBody(): ProblemError {
  return new ProblemError('bad-json', {
    detail: 'The body has one of the members url, magnet, list and torrent (Base64), and no other.',
  });
}

function parseBody(octets: Uint8Array): z.output<typeof rewriteBodySchema> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets));
  } catch {
    throw new ProblemError('bad-json');
  }
  const body = rewriteBodySchema.safeParse(value);
  if (!body.success) throw wrongBody();
  return body.data;
}

/** Before anything is made of it: every URL becomes a decision. */
function checkSize(content: Content): Content {
  if (content.kind === 'torrent') return content; // readMetainfo has limits of its own
  const size = 'text' in content ? content.text.length : content.octets.length;
  if (size > MAX_TEXT_OCTETS) {
    throw new ProblemError('body-too-large', {
      detail: `A text has at most ${MAX_TEXT_OCTETS} octets here; send it in parts.`,
    });
  }
  const text = 'text' in content ? content.text : octetsToText(content.octets);
  if (countUrls(content.kind, text) > MAX_URLS) {
    throw new ProblemError('too-many-urls', {
      detail: `At most ${MAX_URLS} URLs are rewritten at once; send them in parts.`,
    });
  }
  return content;
}

function countUrls(kind: Content['kind'], text: string): number {
  if (kind === 'url') return 1;
  if (kind === 'magnet') return text.split('&').length;
  let count = 0;
  for (const line of text.split('\n')) if (/[^\s]/.test(line)) count++;
  return count;
}
