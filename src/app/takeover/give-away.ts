// The old end of a takeover: sockets, then the table while it is still used, then what was announced meanwhile, and last the
// connections. Until the other process says that it answers, this one can go on as if nothing had been: what was sent of
// descriptors are copies.

import { encodeSnapshot } from '../../core/swarm/snapshot.ts';
import { type AnnounceJournal, takeAnnounces } from '../../core/tracker/announce-journal.ts';
import type { Clock } from '../../io/clock.ts';
import {
  acceptForDescriptors,
  MAX_PASSED_DESCRIPTORS,
  peerProcess,
  peerUser,
  receiveDescriptors,
  sendDescriptors,
} from '../../io/descriptor-passing/descriptor-socket.ts';
import type { Logger } from '../../io/log.ts';
import { readPackageVersion } from '../../io/package-version.ts';
import type { TrackerConnection } from '../data-plane/commands.ts';
import type { DataPlane } from '../data-plane/data-plane.ts';
import type { PlaneTakeover, Surrendered } from '../data-plane/plane-takeover.ts';
import type { ControlSockets } from './control-sockets.ts';
import { type FrameChannel, FrameKind, TakeoverError } from './frames.ts';
import {
  describeSockets,
  formatMessage,
  formatReason,
  type Hello,
  PROTOCOL,
  parseHello,
  toHex,
} from './messages.ts';

export interface GiveOptions {
  readonly plane: PlaneTakeover;
  readonly dataPlane: Pick<DataPlane, 'swarm' | 'swarmSeconds'>;
  readonly control: ControlSockets;
  /** Of the socket for descriptors. */
  readonly listening: number;
  readonly clock: Clock;
  readonly logger: Logger;
  hold(task: () => Promise<void>): Promise<void>;
}

interface CommittedOptions extends GiveOptions {
  /** The other process answers: nobody else is to ask here any more. */
  onCommitted(processId: number): Promise<void>;
}

/** Local processes answer in milliseconds; one that does not is stopped in a debugger, or none of ours. */
const WORD_MILLISECONDS = 5_000;
/** For reading zones and for a table of 10,000,000 peers, meanwhile everything is answered here. */
const READY_MILLISECONDS = 120_000;
/** Nothing is answered meanwhile: what comes waits in the sockets. */
const SERVING_MILLISECONDS = 10_000;
/** Of announces between two looks while the other process gets ready. */
const PUMP_MILLISECONDS = 10;
/** In one frame: 557 kB. */
const MAX_ANNOUNCES = 8192;

/** Resolves when it has been given away and this process has no more to say; rejects when this process goes on. */
export async function giveAway(
  channel: FrameChannel,
  hello: Hello,
  options: CommittedOptions,
): Promise<void> {
  let socket: number | undefined;
  try {
    const accepted = acceptVisitor(options, hello);
    socket = accepted;
    await options.hold(() => giveInTurn(channel, accepted, hello, options));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (channel.isOpen()) await channel.send(FrameKind.refused, formatReason(reason)).catch(() => {});
    channel.end();
    throw error;
  } finally {
    if (socket !== undefined) options.plane.libc.close(socket);
  }
}

/** Undefined for who leaves without a word, as a server does that looks whether another runs. */
export async function readHello(channel: FrameChannel): Promise<Hello | undefined> {
  const frame = await channel.receive(WORD_MILLISECONDS);
  if (frame === undefined) return undefined;
  const hello = frame.kind === FrameKind.hello ? parseHello(frame.octets) : undefined;
  if (hello === undefined) throw new TakeoverError('protocol', 'somebody connected who is no Portolan');
  if (hello.protocol === PROTOCOL) return hello;
  const reason = `version ${hello.version} does not take over from ${readPackageVersion()}: stop the one, start the other`;
  await channel.send(FrameKind.refused, formatReason(reason));
  channel.end();
  throw new TakeoverError('refused', reason);
}

/** The connection for descriptors of the process that said hello: it sent the same word there. */
function acceptVisitor({ plane: { libc }, listening }: GiveOptions, { word }: Hello): number {
  for (;;) {
    const socket = acceptForDescriptors(libc, listening);
    if (socket === undefined)
      throw new TakeoverError('protocol', 'a process asked without a socket for descriptors');
    const passed = receiveDescriptors(libc, socket);
    for (const descriptor of passed?.descriptors ?? []) libc.close(descriptor);
    if (
      peerUser(libc, socket) === process.geteuid?.() &&
      passed !== undefined &&
      toHex(passed.octets) === word
    )
      return socket;
    libc.close(socket);
  }
}

interface Gift extends CommittedOptions {
  readonly channel: FrameChannel;
  readonly socket: number;
}

// Positional: who asks, and for what.
async function giveInTurn(
  channel: FrameChannel,
  socket: number,
  hello: Hello,
  options: CommittedOptions,
): Promise<void> {
  const { plane, dataPlane, logger } = options;
  const gift: Gift = { ...options, channel, socket };
  let journals: readonly AnnounceJournal[] = [];
  let surrendered: Surrendered | undefined;
  try {
    journals = await plane.record();
    const snapshot = encodeSnapshot(dataPlane.swarm.table, snapshotOptions(dataPlane));
    await giveSockets(gift, snapshot.next().value ?? new Uint8Array(0));
    logger.info('a takeover begins', { version: hello.version });
    await giveTable(gift, snapshot, journals);
    await waitUntilReady(gift, journals);
    const pausedAt = options.clock.nowMilliseconds();
    surrendered = await plane.surrender();
    await giveAnnounces(channel, journals);
    await giveConnections(gift, surrendered.connections);
    await channel.send(FrameKind.yours);
    await expect(channel, FrameKind.serving, SERVING_MILLISECONDS);
    const pauseMilliseconds = options.clock.nowMilliseconds() - pausedAt;
    logger.info('another process answers now', { pauseMilliseconds });
  } catch (error) {
    await plane.resume();
    await plane.stopRecording();
    throw error;
  }
  await options.onCommitted(peerProcess(plane.libc, socket));
  plane.closeAll(surrendered.connections);
  plane.relinquish();
  options.control.close();
  await giveRest(gift, journals, surrendered);
}

function snapshotOptions(dataPlane: GiveOptions['dataPlane']) {
  const tableSeconds = dataPlane.swarmSeconds();
  return { connectionKey: dataPlane.swarm.connectionKey, worldSeconds: tableSeconds, tableSeconds };
}

async function giveSockets(gift: Gift, head: Uint8Array): Promise<void> {
  const { channel, plane, control, dataPlane } = gift;
  const open = [...plane.sockets(), ...control.sockets()];
  await channel.send(
    FrameKind.welcome,
    formatMessage({
      version: readPackageVersion(),
      head: toHex(head),
      tableSeconds: dataPlane.swarmSeconds(),
      sockets: describeSockets(open),
    }),
  );
  const descriptors = open.flatMap((one) => one.descriptors);
  for (let at = 0; at < descriptors.length; at += MAX_PASSED_DESCRIPTORS)
    await pass(gift, descriptors.slice(at, at + MAX_PASSED_DESCRIPTORS));
}

/** One message at a time, for the kernel bounds what is under way (unix(7), ETOOMANYREFS). */
async function pass({ channel, socket, plane }: Gift, descriptors: readonly number[]): Promise<void> {
  sendDescriptors(plane.libc, socket, Uint8Array.of(FrameKind.descriptors), descriptors);
  await channel.send(FrameKind.descriptors, new Uint8Array(Uint32Array.of(descriptors.length).buffer));
  await expect(channel, FrameKind.received, WORD_MILLISECONDS);
}

async function giveTable(
  { channel }: Gift,
  snapshot: Iterable<Uint8Array>,
  journals: readonly AnnounceJournal[],
): Promise<void> {
  for (const octets of snapshot) {
    await channel.send(FrameKind.table, octets);
    // In this order: what was announced after a piece was made comes after it.
    await giveAnnounces(channel, journals);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await channel.send(FrameKind.tableEnd);
}

async function giveAnnounces(channel: FrameChannel, journals: readonly AnnounceJournal[]): Promise<void> {
  for (const journal of journals) {
    for (;;) {
      const entries = takeAnnounces(journal, MAX_ANNOUNCES);
      if (entries === 'lost')
        throw new TakeoverError('timeout', 'more was announced than the other process could be told of');
      if (entries.length === 0) break;
      await channel.send(FrameKind.announces, entries);
    }
  }
}

async function waitUntilReady({ channel, clock }: Gift, journals: readonly AnnounceJournal[]): Promise<void> {
  let isReady = false;
  const ready = expect(channel, FrameKind.ready, READY_MILLISECONDS).finally(() => {
    isReady = true;
  });
  // Its failure is met below.
  ready.catch(() => {});
  while (!isReady) {
    await giveAnnounces(channel, journals);
    await Promise.race([
      ready.catch(() => {}),
      new Promise<void>((resolve) => clock.schedule(PUMP_MILLISECONDS, resolve)),
    ]);
  }
  await ready;
}

async function giveConnections(gift: Gift, connections: readonly TrackerConnection[]): Promise<void> {
  for (let at = 0; at < connections.length; at += MAX_PASSED_DESCRIPTORS) {
    const some = connections.slice(at, at + MAX_PASSED_DESCRIPTORS);
    const described = some.map(({ listener, source, octets, isNew, awaitsProxy }) => ({
      listener,
      family: source.family,
      address: toHex(source.octets),
      port: source.port,
      octets: Buffer.from(octets).toString('base64'),
      isNew,
      awaitsProxy,
    }));
    await gift.channel.send(FrameKind.connections, formatMessage(described));
    await pass(
      gift,
      some.map(({ descriptor }) => descriptor),
    );
  }
}

/** Replies that were under way end here, and what they announce is told to the other process. */
async function giveRest(
  { channel, clock, logger }: Gift,
  journals: readonly AnnounceJournal[],
  { settled }: Surrendered,
): Promise<void> {
  let isSettled = false;
  const end = settled.then(() => {
    isSettled = true;
  });
  try {
    while (!isSettled) {
      await Promise.race([end, new Promise<void>((resolve) => clock.schedule(PUMP_MILLISECONDS, resolve))]);
      await giveAnnounces(channel, journals);
    }
    channel.end();
  } catch (error) {
    logger.warn('what was announced last is not known to the other process', { error: error as Error });
  }
}

/** Anything else than this frame ends the takeover. */
async function expect(channel: FrameChannel, kind: FrameKind, milliseconds: number): Promise<void> {
  const frame = await channel.receive(milliseconds);
  if (frame === undefined) throw new TakeoverError('closed', 'the other process ended');
  if (frame.kind !== kind) throw new TakeoverError('protocol', 'the other process said something unexpected');
}
