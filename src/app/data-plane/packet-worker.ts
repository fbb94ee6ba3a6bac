// A thread that answers packets: one loop over all its UDP sockets, DNS and tracker. It never returns to an event loop;
// commands wait in the port until the control plane's eventfd wakes the loop.

import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Counter } from '../../core/counters.ts';
import { formatListener, type Listener } from '../../core/net/endpoint.ts';
import { ZoneImage } from '../../core/zone/image.ts';
import { loadLibc } from '../../io/packet-engine/libc.ts';
import { PacketLoop } from '../../io/packet-engine/packet-loop.ts';
import type { Command, NumberedCommand, WorkerMessage, WorkerSetup } from './commands.ts';
import { createOwnSources } from './own-sources.ts';
import { createServices } from './services.ts';
import { createSharedClock } from './shared-clock.ts';

const { port, ...setup } = workerData as WorkerSetup & { readonly port: MessagePort };
const { counters, wakeDescriptor } = setup;
const services = createServices({ ...setup, tellNotify: (slot) => tell({ kind: 'notify', slot }) });
const ownSources = createOwnSources();
/** By {@link formatListener}; bounded by the control plane's plan. */
const descriptors = new Map<string, number>();

const loop = new PacketLoop({
  libc: loadLibc(),
  wakeDescriptor,
  onControl: takeCommands,
  onFault: (error) => tell({ kind: 'fault', message: String(error) }),
  nowSeconds: createSharedClock(setup.clockOrigin),
  isOwnSource: ownSources.has,
  counters,
});

tell({ kind: 'ready', descriptor: loop.descriptor });
loop.run();
port.close();

function tell(message: WorkerMessage): void {
  port.postMessage(message);
}

/** Carries out all that waits; false when the last was to stop. */
function takeCommands(): boolean {
  for (;;) {
    const received = receiveMessageOnPort(port) as { message: NumberedCommand } | undefined;
    if (received === undefined) return true;
    const { id, command } = received.message;
    if (command.kind === 'stop') {
      loop.clear();
      tell({ kind: 'done', id, port: 0 });
      return false;
    }
    carryOut(command);
    tell({ kind: 'done', id, port: 0 });
  }
}

function carryOut(command: Exclude<Command, { kind: 'stop' }>): void {
  switch (command.kind) {
    case 'open':
      open(command);
      return;
    case 'close':
      close(command.listener);
      return;
    case 'publish':
      services.publish({
        images: command.images.map((buffer) => new ZoneImage(buffer)),
        draining: command.draining,
        transfers: command.transfers,
      });
      return;
    case 'identify':
      return;
  }
}

function open({ service, listener, descriptor }: Extract<Command, { kind: 'open' }>): void {
  const isDns = service === 'dns';
  ownSources.add(listener);
  descriptors.set(formatListener(listener), descriptor);
  loop.add({
    descriptor,
    isWildcard: listener.address === '0.0.0.0' || listener.address === '::',
    handler: isDns ? services.authority.handle : services.answerUdpTracker,
    dropCounter: isDns ? Counter.dnsDropped : Counter.udpDropped,
  });
}

function close(listener: Listener): void {
  const descriptor = descriptors.get(formatListener(listener));
  if (descriptor === undefined) return;
  descriptors.delete(formatListener(listener));
  ownSources.delete(listener);
  loop.remove(descriptor);
}
