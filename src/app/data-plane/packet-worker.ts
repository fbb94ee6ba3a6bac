// A thread that answers packets, DNS and tracker, and the tracker's HTTP: one loop over all its sockets. It never returns to
// an event loop; commands wait in the port until the control plane's eventfd wakes the loop.

import { getSystemErrorName } from 'node:util';
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Counter } from '../../core/counters.ts';
import { formatListener, type Listener } from '../../core/net/endpoint.ts';
import { loadLibc } from '../../io/packet-engine/libc.ts';
import { PacketLoop } from '../../io/packet-engine/packet-loop.ts';
import type { Command, NumberedCommand, WorkerMessage, WorkerSetup } from './commands.ts';
import { publicationOf } from './hand-over.ts';
import { createOwnSources } from './own-sources.ts';
import { createServices } from './services.ts';
import { createSharedClock } from './shared-clock.ts';
import { createTrackerStreams } from './tracker-streams.ts';

const { port, ...setup } = workerData as WorkerSetup & { readonly port: MessagePort };
const { counters, wakeDescriptor, lent, workerCount, rings } = setup;
const services = createServices({ ...setup, tellNotify: (notice) => tell({ kind: 'notify', ...notice }) });
const ownSources = createOwnSources();
/** By {@link formatListener}; bounded by the control plane's plan. */
const descriptors = new Map<string, number>();

const libc = loadLibc();
const nowSeconds = createSharedClock(setup.clockOrigin);
const onFault = (error: unknown): void => tell({ kind: 'fault', message: String(error) });
const streams = createTrackerStreams({
  libc,
  respond: services.httpTracker.respond,
  lent,
  ring: rings[0]!,
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
      open(command);
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
  }
  onDone();
}

function open({ service, listener, descriptor, isSecured, row }: Extract<Command, { kind: 'open' }>): void {
  if (listener.transport === 'tcp') {
    streams.open({ listener, descriptor, isSecured, row });
    return;
  }
  const isDns = service === 'dns';
  ownSources.add(listener);
  descriptors.set(formatListener(listener), descriptor);
  loop.add({
    descriptor,
    isWildcard: listener.address === '0.0.0.0' || listener.address === '::',
    handler: isDns ? services.authority.handle : services.answerUdpTracker,
    prefetch: isDns ? services.prefetchZones : undefined,
    dropCounter: isDns ? Counter.dnsDropped : Counter.udpDropped,
    row,
  });
}

function close(listener: Listener): void {
  const descriptor = descriptors.get(formatListener(listener));
  if (descriptor === undefined) return;
  descriptors.delete(formatListener(listener));
  ownSources.delete(listener);
  loop.remove(descriptor);
}
