// The new end of a takeover: asks the running server, has its table copied while that still answers, and goes on where it
// stops. What the running server has given stays usable when it dies over it.

import { connect, type Socket } from 'node:net';
import { decodeSnapshotHead, type SnapshotHead } from '../../core/swarm/snapshot-format.ts';
import type { TrackerSettings } from '../../core/tracker/settings.ts';
import { errnoOf } from '../../io/bind-error.ts';
import type { Clock } from '../../io/clock.ts';
import {
  connectForDescriptors,
  peerUser,
  sendDescriptors,
} from '../../io/descriptor-passing/descriptor-socket.ts';
import type { Logger } from '../../io/log.ts';
import { readPackageVersion } from '../../io/package-version.ts';
import type { Libc } from '../../io/packet-engine/libc.ts';
import { randomOctets } from '../../io/random.ts';
import type { DataPlane } from '../data-plane/data-plane.ts';
import { createInheritedSockets, type InheritedSockets } from '../data-plane/plane-takeover.ts';
import { createFrameChannel, type FrameChannel, FrameKind, TakeoverError } from './frames.ts';
import { formatMessage, fromHex, PROTOCOL, parseWelcome, toHex, WORD_OCTETS } from './messages.ts';
import { takeoverPaths } from './paths.ts';
import { nextFrame, RunningTakeover, takeDescriptors } from './running-takeover.ts';

export interface TakeoverOptions {
  readonly stateFolder: string;
  readonly libc: Libc;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a running server has begun to give. */
export interface Takeover {
  /** With the keys of its table and of its connection ids. */
  readonly head: SnapshotHead;
  readonly sockets: InheritedSockets;
  /** A clock whose second is that of its table. */
  readonly clock: Clock;
  /** Copies the table into that of this data plane from now on. */
  follow(dataPlane: DataPlane, settings: TrackerSettings): void;
  /**
   * Everything is open: resolves when this process answers, and the other does not. Rejects with {@link TakeoverError} where the
   * other goes on. Where the other has ended, this one goes on with what it was given.
   */
  finish(): Promise<void>;
  /**
   * Resolves when the other process has said all that it knows, or has ended. Rejects with {@link TakeoverError} where it
   * goes on, for this one's word has come too late: this one is to end.
   */
  over(): Promise<void>;
  /** The other process goes on, unless this one alone answers already. Harmless twice. */
  abandon(): Promise<void>;
}

export type TakeoverResult =
  /** No server runs with this state folder that could be taken over. */
  { readonly kind: 'nobody' } | { readonly kind: 'begun'; readonly takeover: Takeover };

/** For the answer of the other process, which may have to finish reading its zones. */
const WELCOME_MILLISECONDS = 30_000;

/** Rejects with {@link TakeoverError} where a server runs that does not give way, or with the system's error. */
export async function takeOver(options: TakeoverOptions): Promise<TakeoverResult> {
  const { libc, stateFolder, clock } = options;
  const paths = takeoverPaths(stateFolder);
  const words = await connectTo(paths.words);
  if (words === undefined) return { kind: 'nobody' };
  const channel = createFrameChannel(words, clock);
  let socket: number | undefined;
  try {
    socket = connectForDescriptors(libc, paths.descriptors);
    if (peerUser(libc, socket) !== process.geteuid?.())
      throw new TakeoverError(
        'refused',
        'the running server is of another user: start this one as that user',
      );
    const word = randomOctets(WORD_OCTETS);
    sendDescriptors(libc, socket, word, []);
    const hello = { protocol: PROTOCOL, version: readPackageVersion(), word: toHex(word) };
    await channel.send(FrameKind.hello, formatMessage(hello));
    return { kind: 'begun', takeover: await begin(channel, socket, options) };
  } catch (error) {
    channel.destroy();
    if (socket !== undefined) libc.close(socket);
    // It ended before it gave anything.
    if (error instanceof TakeoverError && error.code === 'closed') return { kind: 'nobody' };
    throw error;
  }
}

/** Undefined where nobody listens. */
function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.on('error', (error) => {
      if (['ENOENT', 'ECONNREFUSED'].includes(errnoOf(error))) resolve(undefined);
      else reject(error);
    });
  });
}

async function begin(channel: FrameChannel, socket: number, options: TakeoverOptions): Promise<Takeover> {
  const { libc, clock } = options;
  const frame = await nextFrame(channel, WELCOME_MILLISECONDS);
  if (frame === undefined) throw new TakeoverError('closed', 'the running server ended');
  const welcome = frame.kind === FrameKind.welcome ? parseWelcome(frame.octets) : undefined;
  const decoded = welcome && decodeSnapshotHead(fromHex(welcome.head));
  if (welcome === undefined || decoded?.kind !== 'head')
    throw new TakeoverError('protocol', 'the running server does not answer as one that could be taken over');
  const wanted = welcome.sockets.reduce((sum, { count }) => sum + count, 0);
  const descriptors: number[] = [];
  try {
    while (descriptors.length < wanted) {
      const next = await nextFrame(channel);
      if (next === undefined) throw new TakeoverError('closed', 'the running server ended');
      if (next.kind !== FrameKind.descriptors) throw new TakeoverError('protocol', 'sockets did not come');
      descriptors.push(...(await takeDescriptors(libc, socket, channel)));
    }
  } catch (error) {
    for (const descriptor of descriptors) libc.close(descriptor);
    throw error;
  }
  let at = 0;
  const sockets = welcome.sockets.map(({ listener, count }) => {
    const own = descriptors.slice(at, at + count);
    at += count;
    return { listener, descriptors: own };
  });
  const shift = welcome.tableSeconds - clock.nowSeconds();
  return new RunningTakeover({
    ...options,
    channel,
    socket,
    head: decoded.head,
    sockets: createInheritedSockets(sockets),
    clock: { ...clock, nowSeconds: () => clock.nowSeconds() + shift },
  });
}
