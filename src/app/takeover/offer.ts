// The door at which a running server waits for a process of the same user that wants to go on in its place.

import { chmod, unlink } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { errnoOf } from '../../io/bind-error.ts';
import { listenForDescriptors } from '../../io/descriptor-passing/descriptor-socket.ts';
import { PRIVATE_FILE_MODE } from '../../io/files/files.ts';
import type { PlaneTakeover } from '../data-plane/plane-takeover.ts';
import { createFrameChannel, FrameKind } from './frames.ts';
import { type GiveOptions, giveAway, readHello } from './give-away.ts';
import { formatReason } from './messages.ts';
import { takeoverPaths } from './paths.ts';
import { isAnswered } from './state-folder.ts';

export interface OfferOptions extends Omit<GiveOptions, 'plane' | 'listening'> {
  readonly stateFolder: string;
  /** Undefined: there is nothing to give, and no door. */
  readonly plane: PlaneTakeover | undefined;
  /** Runs a takeover when nothing else changes what is served, and lets nothing else change it meanwhile. */
  hold(task: () => Promise<void>): Promise<void>;
  /** Another process answers now, of this number: this one is to end. */
  onGiven(processId: number): void;
  /** The other process knows all that this one does. */
  onOver(): void;
}

export interface Offer {
  /** Safe twice, and waits. A takeover that is under way is broken off. */
  close(): Promise<void>;
}

/** Of processes that are refused at once; others wait in the system's queue. */
const MAX_VISITORS = 4;

/** Never rejects: what keeps the door shut stands in the log. */
export async function offerTakeover(options: OfferOptions): Promise<Offer> {
  const { plane, stateFolder, logger } = options;
  if (plane === undefined) return { close: async () => {} };
  const paths = takeoverPaths(stateFolder);
  try {
    if (await isAnswered(paths.words)) {
      logger.warn('another server was started with the same state folder; this one cannot be taken over');
      return { close: async () => {} };
    }
    await removeSockets([paths.words, paths.descriptors]);
    return await openDoor(options, plane);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.warn(
      `this server cannot be taken over: ${reason}; use a shorter path for "state" if that is what it says`,
    );
    return { close: async () => {} };
  }
}

async function openDoor(options: OfferOptions, plane: PlaneTakeover): Promise<Offer> {
  const { libc } = plane;
  const { clock, logger, stateFolder } = options;
  const paths = takeoverPaths(stateFolder);
  const listening = listenForDescriptors(libc, paths.descriptors);
  /** At most {@link MAX_VISITORS}. */
  const visitors = new Set<Socket>();
  let isBusy = false;
  let isGiven = false;

  async function receive(socket: Socket): Promise<void> {
    const channel = createFrameChannel(socket, clock);
    if (isBusy) {
      await channel.send(FrameKind.refused, formatReason('another takeover is under way'));
      channel.end();
      return;
    }
    isBusy = true;
    try {
      const hello = await readHello(channel);
      if (hello === undefined) return;
      await giveAway(channel, hello, {
        ...options,
        plane,
        listening,
        async onCommitted(processId) {
          isGiven = true;
          options.onGiven(processId);
          await door.close();
        },
      });
      options.onOver();
    } finally {
      isBusy = false;
      channel.destroy();
    }
  }

  const server = createServer((socket) => {
    socket.on('error', () => {});
    visitors.add(socket);
    socket.on('close', () => visitors.delete(socket));
    receive(socket).catch((error: unknown) => {
      socket.destroy();
      logger.warn(`a takeover did not come about: ${error instanceof Error ? error.message : String(error)}`);
    });
  });
  server.maxConnections = MAX_VISITORS;
  let closed: Promise<void> | undefined;
  const door: Offer = {
    close: () => (closed ??= closeDoor()),
  };

  async function closeDoor(): Promise<void> {
    const ended = new Promise<void>((resolve) => server.close(() => resolve()));
    libc.close(listening);
    await removeSockets([paths.words, paths.descriptors]);
    // The one that answers now is told until the end what is announced here.
    if (!isGiven) {
      for (const socket of visitors) socket.destroy();
      await ended;
    }
  }

  await listen(server, paths.words);
  await Promise.all([paths.words, paths.descriptors].map((path) => chmod(path, PRIVATE_FILE_MODE)));
  return door;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

async function removeSockets(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await unlink(path).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
  }
}
