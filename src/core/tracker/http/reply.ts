// The head of a reply, written once its body is known; and replies that are always the same octets.

import { textToOctets } from '../../octets/text.ts';
import type { RequestHead } from './head.ts';
import { type Writer, writeNumber, writeText } from './writer.ts';

/** Where bodies are written before the size of the head is known: {@link PAGE_FIELDS} and 120 octets of the rest. */
export const HEAD_ROOM = 640;

const REASONS = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  505: 'HTTP Version Not Supported',
} as const;
export type Status = keyof typeof REASONS;

/** What a body is: fields of the head. */
export const TEXT_FIELDS = 'Content-Type: text/plain';
/** A count is old when the next reader comes. */
export const JSON_FIELDS = 'Content-Type: application/json\r\nCache-Control: no-store';

/** One object, overwritten by every call. */
export interface HttpReply {
  /** Octets written from the start of the reply buffer; never 0. */
  length: number;
  /** Whether the connection may serve another request. */
  keepAlive: boolean;
  /** The client has said that this was its last request, and no body follows. */
  isClientDone: boolean;
}

/** The body of a reply that has none of its own. */
export function writeReason(body: Writer, status: Status): void {
  writeText(body, REASONS[status]);
  writeText(body, '\n');
}

/** Writes the head in front of the body, which begins at {@link HEAD_ROOM}, and closes the gap. Positional: it is hot. */
export function finishReply(
  head: RequestHead,
  body: Writer,
  status: Status,
  fields: string,
  result: HttpReply,
): void {
  const keepAlive = head.keepAlive && status !== 400 && status !== 405 && status !== 505;
  const bodyEnd = body.at;
  body.at = 0;
  writeText(body, 'HTTP/1.1 ');
  writeNumber(body, status);
  writeText(body, ' ');
  writeText(body, REASONS[status]);
  writeText(body, '\r\n');
  writeText(body, fields);
  writeText(body, '\r\nContent-Length: ');
  writeNumber(body, bodyEnd - HEAD_ROOM);
  if (status === 405) writeText(body, '\r\nAllow: GET');
  writeText(body, connectionFields(keepAlive, head.minorVersion));
  const bodyStart = body.at;
  result.keepAlive = keepAlive;
  result.isClientDone = status === 200 && isLast(head);
  result.length = bodyStart;
  if (head.method === 'HEAD' && status !== 400) return;
  body.octets.copyWithin(bodyStart, HEAD_ROOM, bodyEnd);
  result.length = bodyStart + bodyEnd - HEAD_ROOM;
}

/** With the empty line. HTTP/1.1 keeps a connection unless it is said, HTTP/1.0 closes it unless it is said. */
function connectionFields(keepAlive: boolean, minorVersion: number): string {
  if (!keepAlive) return '\r\nConnection: close\r\n\r\n';
  return minorVersion === 0 ? '\r\nConnection: keep-alive\r\n\r\n' : '\r\n\r\n';
}

function isLast(head: RequestHead): boolean {
  return !head.keepAlive && !head.hasBody;
}

const NOT_FOUND_BODY = `${REASONS[404]}\n`;

function notFound(keepAlive: boolean, minorVersion: number): Uint8Array {
  const fields = `${TEXT_FIELDS}\r\nContent-Length: ${NOT_FOUND_BODY.length}`;
  const end = connectionFields(keepAlive, minorVersion);
  return textToOctets(`HTTP/1.1 404 ${REASONS[404]}\r\n${fields}${end}${NOT_FOUND_BODY}`);
}

const NOT_FOUND = { close: notFound(false, 1), keep: notFound(true, 1), keepOld: notFound(true, 0) } as const;

/** The 404 that everything gets which is not there: browsers ask for icons, and scanners for everything. */
export function writeNotFound(head: RequestHead, reply: Uint8Array, result: HttpReply): void {
  const { keepAlive } = head;
  const octets = keepAlive ? (head.minorVersion === 0 ? NOT_FOUND.keepOld : NOT_FOUND.keep) : NOT_FOUND.close;
  reply.set(octets);
  result.keepAlive = keepAlive;
  result.isClientDone = isLast(head);
  result.length = head.method === 'HEAD' ? octets.length - NOT_FOUND_BODY.length : octets.length;
}
