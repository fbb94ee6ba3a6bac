// How long a body may take to come. Node's own deadline for a request knows no exception, and a body that is answered line
// by line comes for as long as it is long.

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Cancel, Clock } from '../../io/clock.ts';

export interface BodyDeadline {
  /** For the first `onRequest`. */
  start(request: IncomingMessage): void;
}

/** Requests with a deadline ahead; each goes with its request. */
const deadlines = new WeakMap<IncomingMessage, Cancel>();
/** Connections on which an answer has begun before its request was whole. */
const answering = new WeakSet<Socket>();

/** `onLate` gets the connection of a request whose body has not come in time. */
export function createBodyDeadline(
  milliseconds: number,
  clock: Pick<Clock, 'schedule'>,
  onLate: (socket: Socket) => void,
): BodyDeadline {
  return {
    start(request) {
      if (!hasBody(request)) return;
      const { socket } = request;
      const cancel = clock.schedule(milliseconds, () => onLate(socket));
      const end = (): void => {
        cancel();
        socket.off('close', end);
      };
      deadlines.set(request, end);
      request.once('end', end);
      socket.once('close', end); // a body that nobody reads has no end
    },
  };
}

/** The body of this request is answered while it comes: whoever does that watches over it. */
export function takeAsStream(request: IncomingMessage): void {
  deadlines.get(request)?.();
  answering.add(request.socket);
}

/** Then no other answer can be given on the connection. */
export function isAnswering(socket: Socket): boolean {
  return answering.has(socket);
}

/** RFC 9112 §6.3. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
