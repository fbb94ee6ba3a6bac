// A thread that answers packets, DNS and tracker, and the tracker's HTTP: one loop over all its sockets. It never returns to
// an event loop; commands wait in the port until the control plane's eventfd wakes the loop.

import { getSystemErrorName } from 'node:util';
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Counter } from '../../core/counters.ts';
import { formatListener, type Listener } from '../../core/net/endpoint.ts';
import { attachJournal } from '../../core/tracker/announce-journal.ts';
import { loadLibc } from '../../io/packet-engine/libc.ts';
import { PacketLoop } from '../../io/packet-engine/packet-loop.ts';
import type { Command, NumberedCommand, TrackerConnection, WorkerMessage, WorkerSetup } from './commands.ts';
import { publicationOf } from './hand-over.ts';
import { createOwnSources } from './own-sources.ts';
import { createServices } from './services.ts';
import { createSharedClock } from './shared-clock.ts';
import { createTrackerStreams } from './tracker-streams.ts';

const { port, ...setup } = workerData as WorkerSetup & { readonly port: MessagePort };
const { counters, wakeDescriptor, lent, caps, workerCount, rings } = setup;
const services = createServices({ ...setup, tellNotify: (notice) => tell({ kind: 'notify', ...notice }) });
const ownSources = createOwnSources();
/** By {@link formatListener}; bounded by the control plane's plan. */
const open = new Map<string, { readonly listener: Listener; readonly sockets: number[] }>();

/** Of the replies that were under way when the sockets went to another. */
let isSettled = true;
let onSettled: (() => void) | undefined;

const libc = loadLibc();
const nowSeconds = createSharedClock(setup.clockOrigin);
const onFault = (error: unknown): void => tell({ kind: 'fault', message: String(error) });
const streams = createTrackerStreams({
  libc,
  respond: services.httpTracker.respond,
  lent,
  ring: rings[0]!,
  cap: caps.tracker,
  workerCount,
  counters,
  proxies: setup.settings.proxies,
  nowSeconds,
  onFault,
  onShortage: (errno) => tell({ kind: 'shortage', errno: getSystemErrorName(-errno) }),
});
const loop = new PacketLoop({
  libc,
  wakeDescriptor,
  onControl: takeCommands,
  onFault,
  nowSeconds,
  isOwnSource: ownSources.has,
  counters,
  companion: streams.loop,
});

tell({ kind: 'ready', descriptor: loop.descriptor });
loop.run();
streams.loop.end();
port.close();

function tell(message: WorkerMessage): void {
  port.postMessage(message);
}

/** Carries out all that waits. The loop is ended by {@link stop}, once connections have had their grace. */
function takeCommands(): boolean {
  for (;;) {
    const received = receiveMessageOnPort(port) as { message: NumberedCommand } | undefined;
    if (received === undefined) return true;
    const { id, command } = received.message;
    if (command.kind === 'stop') {
      stop(() => tell({ kind: 'done', id, port: 0 }));
      return true;
    }
    carryOut(command, () => tell({ kind: 'done', id, port: 0 }));
  }
}

function stop(onStopped: () => void): void {
  loop.clear();
  streams.closeAll(() => {
    onStopped();
    loop.halt();
  });
}

function carryOut(command: Exclude<Command, { kind: 'stop' }>, onDone: () => void): void {
  switch (command.kind) {
    case 'open':
      openSocket(command);
      break;
    case 'close':
      if (streams.close(command.listener, onDone)) return;
      close(command.listener);
      break;
    case 'publish':
      services.publish(publicationOf(command), command.hostRows);
      break;
    case 'identify':
    case 'ping':
      break;
    case 'record':
      services.journals.journal = command.memory && attachJournal(command.memory);
      break;
    case 'surrender':
      surrender();
      break;
    case 'settle':
      if (isSettled) break;
      onSettled = onDone;
      return;
    case 'adopt':
      for (const connection of command.connections) streams.adopt(connection);
      break;
  }
  onDone();
}

/** Packets that have arrived are answered; those that come now wait in the sockets for whoever goes on with them. */
function surrender(): void {
  for (const { listener } of open.values()) close(listener);
  const connections: TrackerConnection[] = [];
  isSettled = false;
  streams.surrender(
    (connection) => connections.push(connection),
    () => {
      isSettled = true;
      onSettled?.();
    },
  );
  tell({ kind: 'surrendered', connections });
}

function openSocket({
  service,
  listener,
  descriptor,
  isSecured,
  row,
}: Extract<Command, { kind: 'open' }>): void {
  if (listener.transport === 'tcp') {
    streams.open({ listener, descriptor, isSecured, row });
    return;
  }
  const isDns = service === 'dns';
  const known = open.get(formatListener(listener));
  known?.sockets.push(descriptor);
  if (known === undefined) {
    ownSources.add(listener);
    open.set(formatListener(listener), { listener, sockets: [descriptor] });
  }
  loop.add({
    descriptor,
    isWildcard: listener.address === '0.0.0.0' || listener.address === '::',
    handler: isDns ? services.authority.handle : services.answerUdpTracker,
    prefetch: isDns ? services.prefetchZones : services.prefetchAccess,
    dropCounter: isDns ? Counter.dnsDropped : Counter.udpDropped,
    row,
  });
}

function close(listener: Listener): void {
  const known = open.get(formatListener(listener));
  if (known === undefined) return;
  open.delete(formatListener(listener));
  ownSources.delete(listener);
  for (const descriptor of known.sockets) loop.remove(descriptor);
}
