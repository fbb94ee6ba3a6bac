// Connections of one listener, whoever accepted them: each is counted and given its protocol, the slow and the idle are swept
// out, and they end in order.

import type { Socket } from 'node:net';
import type { PacketSource } from '../../core/net/packet-handler.ts';
import type { ProxyRule } from '../../core/net/proxy-rule.ts';
import type { Cancel, Clock } from '../clock.ts';
import { type Logger, silentLogger } from '../log.ts';
import {
  type ConnectionLimits,
  type CountedConnection,
  createConnectionLimits,
  createConnectionPlace,
  type NetworkPrefix,
  prefixOf,
} from './connection-limits.ts';
import { awaitFirstOctet, TLS_HANDSHAKE } from './first-octet.ts';
import { awaitProxyHeader } from './proxy-header-wait.ts';
import { type ConnectionTimes, createStreamConnection, type StreamConnection } from './stream-connection.ts';
import type { StreamProtocol } from './stream-protocol.ts';
import type { TlsServer } from './tls-server.ts';

export interface StreamLimits extends ConnectionTimes {
  readonly maxConnections: number;
  /** From one IPv4 address or one IPv6 /64. */
  readonly maxConnectionsPerPrefix: number;
  /** After `close`, for requests that have begun. */
  readonly closeGraceMilliseconds: number;
}

/** What is spoken on a connection. */
export interface Spoken {
  readonly protocol: StreamProtocol;
  /** It begins with a handshake, for which it has the time of a request. */
  readonly tls?: TlsServer | undefined;
}

/** What the first octet decides between. */
export interface EitherSpoken {
  readonly clear: Spoken;
  readonly secured: Spoken;
}

export interface StreamConnectionsOptions {
  /** Of any protocol that is spoken. */
  readonly maxReplyOctets: number;
  readonly clock: Clock;
  readonly limits: StreamLimits;
  /** Shared by listeners that are to have their cap together; default: one of its own, as `limits` say. */
  readonly connections?: ConnectionLimits | undefined;
  readonly logger?: Logger | undefined;
  /** Their connections are many clients', and have no share of one network's to keep to. */
  readonly proxies?: ProxyRule | undefined;
  /** A connection of a proxy did not begin with a PROXY header, and was closed. */
  onProxyRefused?(): void;
  /** A connection was shed for a newcomer, or could not be accepted. */
  onRejected?(): void;
  /** A connection was closed for being too slow in a request or in reading. */
  onTimeout?(): void;
}

export interface StreamConnections {
  /** `source` is the connection's own from now on. */
  admit(socket: Socket, source: PacketSource, spoken: Spoken): void;
  /** The first octet tells a TLS hello from clear text; it has the time of a request to come. */
  admitEither(socket: Socket, source: PacketSource, spoken: EitherSpoken): void;
  /** A PROXY header comes first, and has the time of a request. `source` is whom it names from then on. */
  admitProxied(socket: Socket, source: PacketSource, spoken: Spoken | EitherSpoken): void;
  /** Connections open now. */
  size(): number;
  /** Gives begun requests a short grace; resolves when every connection is gone. Safe twice. */
  close(): Promise<void>;
}

/** How often deadlines are looked at: one timer a listener, and none while it has no connection. */
const SWEEP_MILLISECONDS = 1000;

interface Member extends CountedConnection {
  prefix: NetworkPrefix;
  connection: StreamConnection;
}

// One closure over all connections of a listener, longer than a function should be: its parts share one state.
export function createStreamConnections(options: StreamConnectionsOptions): StreamConnections {
  const { clock, limits, maxReplyOctets, logger = silentLogger, proxies } = options;
  const counted =
    options.connections ?? createConnectionLimits(limits.maxConnections, limits.maxConnectionsPerPrefix);
  /** Bounded by `maxConnections`. */
  const open = new Set<Member>();
  const output = new Uint8Array(limits.maxPendingOutputOctets + maxReplyOctets);
  const cancels = { sweep: nothing as Cancel, grace: nothing as Cancel };
  let closed: Promise<void> | undefined;
  let tellEmpty = nothing;

  function sweep(): void {
    const now = clock.nowMilliseconds();
    for (const { connection } of open) if (connection.sweep(now) === 'timeout') options.onTimeout?.();
    cancels.sweep = open.size > 0 ? clock.schedule(SWEEP_MILLISECONDS, sweep) : nothing;
  }

  /** Counts it in; what it is comes next. */
  function enter(socket: Socket, source: PacketSource, connect: (member: Member) => StreamConnection): void {
    if (closed !== undefined) {
      socket.destroy();
      return;
    }
    const member: Member = {
      prefix: prefixOf(source, proxies),
      place: createConnectionPlace(),
      connection: NO_CONNECTION,
      shed() {
        member.connection.destroy();
        options.onRejected?.();
      },
    };
    member.connection = connect(member);
    counted.admit(member);
    open.add(member);
    if (cancels.sweep === nothing) cancels.sweep = clock.schedule(SWEEP_MILLISECONDS, sweep);
    socket.once('close', () => {
      counted.release(member);
      open.delete(member);
      if (open.size === 0) tellEmpty();
    });
  }

  // Four positional parameters: once a connection.
  function speak(
    socket: Socket,
    source: PacketSource,
    { protocol, tls }: Spoken,
    member: Member,
  ): StreamConnection {
    const secured = tls?.secure(socket);
    return createStreamConnection(secured?.socket ?? socket, source, {
      protocol,
      times: limits,
      output,
      nowMilliseconds: clock.nowMilliseconds,
      tls: () => secured?.session(),
      isSecured: secured !== undefined,
      completed: () => counted.touch(member),
      failed: (error) => logger.error('a request handler failed: please report this', { error }),
    });
  }

  /** What the first octet says that it is. */
  function speakEither(
    socket: Socket,
    source: PacketSource,
    { clear, secured }: EitherSpoken,
    member: Member,
  ): StreamConnection {
    const deadline = clock.nowMilliseconds() + limits.requestMilliseconds;
    return awaitFirstOctet(socket, deadline, (octet) => {
      member.connection = speak(socket, source, octet === TLS_HANDSHAKE ? secured : clear, member);
    });
  }

  function speakProxied(
    socket: Socket,
    source: PacketSource,
    spoken: Spoken | EitherSpoken,
    member: Member,
  ): StreamConnection {
    return awaitProxyHeader(socket, source, {
      deadlineMilliseconds: clock.nowMilliseconds() + limits.requestMilliseconds,
      onSource() {
        // From now on it is the client that has its share.
        counted.release(member);
        member.prefix = prefixOf(source, proxies);
        counted.admit(member);
        member.connection =
          'clear' in spoken
            ? speakEither(socket, source, spoken, member)
            : speak(socket, source, spoken, member);
      },
      onRefused: () => options.onProxyRefused?.(),
    });
  }

  function close(): Promise<void> {
    closed ??= new Promise<void>((resolve) => {
      tellEmpty = resolve;
      cancels.grace = clock.schedule(limits.closeGraceMilliseconds, () => {
        for (const { connection } of open) connection.destroy();
      });
      for (const { connection } of open) connection.drain();
      if (open.size === 0) resolve();
    }).then(() => {
      cancels.sweep();
      cancels.grace();
    });
    return closed;
  }

  return {
    admit(socket, source, spoken) {
      enter(socket, source, (member) => speak(socket, source, spoken, member));
    },
    admitEither(socket, source, spoken) {
      enter(socket, source, (member) => speakEither(socket, source, spoken, member));
    },
    admitProxied(socket, source, spoken) {
      enter(socket, source, (member) => speakProxied(socket, source, spoken, member));
    },
    size: () => open.size,
    close,
  };
}

/** Before it is known what a connection is. */
const NO_CONNECTION: StreamConnection = { sweep: () => 'open', drain: nothing, destroy: nothing };

function nothing(): void {}
