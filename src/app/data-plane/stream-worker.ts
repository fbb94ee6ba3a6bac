// A thread that answers over TCP, on its own event loop: DNS, with transfers and over TLS too, and the tracker's HTTP.

import { type MessagePort, workerData } from 'node:worker_threads';
import { formatListener } from '../../core/net/endpoint.ts';
import { attachJournal } from '../../core/tracker/announce-journal.ts';
import { systemClock } from '../../io/clock.ts';
import { type Logger, silentLogger } from '../../io/log.ts';
import { type Taking, takeConnections } from '../../io/stream-engine/hand-over-ring.ts';
import type { StreamServer } from '../../io/streams/stream-server.ts';
import type { Command, NumberedCommand, WorkerMessage, WorkerSetup } from './commands.ts';
import { publicationOf } from './hand-over.ts';
import { createServices } from './services.ts';
import { createSharedClock } from './shared-clock.ts';
import { createStreamListeners } from './stream-listeners.ts';

const { port, ...setup } = workerData as WorkerSetup & { readonly port: MessagePort };
const { counters, seed, rings } = setup;
const services = createServices({ ...setup, tellNotify: (notice) => tell({ kind: 'notify', ...notice }) });
const clock = { ...systemClock, nowSeconds: createSharedClock(setup.clockOrigin) };
/** What goes wrong in a handler is said in the control plane's log. */
const logger: Logger = {
  ...silentLogger,
  error: (message, fields) => tell({ kind: 'fault', message: `${message} ${fields?.error?.stack ?? ''}` }),
};
/** By {@link formatListener}; bounded by the control plane's plan. */
const servers = new Map<string, StreamServer>();
const listeners = createStreamListeners({
  services,
  seed,
  counters,
  proxies: setup.settings.proxies,
  caps: setup.caps,
  clock,
  wallClock: systemClock,
  logger,
});
/** Begun with the first certificate: there is nothing to take before. */
let taking: Taking | undefined;

port.on('message', ({ id, command }: NumberedCommand) => {
  carryOut(command).then(
    (realPort) => {
      tell({ kind: 'done', id, port: realPort });
      if (command.kind === 'stop') port.close();
    },
    (error: unknown) => tell({ kind: 'failed', id, ...describe(error) }),
  );
});
tell({ kind: 'ready', descriptor: 0 });

function tell(message: WorkerMessage): void {
  port.postMessage(message);
}

/** The real port after opening, else 0. */
async function carryOut(command: Command): Promise<number> {
  switch (command.kind) {
    case 'open':
      return open(command);
    case 'close':
      taking?.takeAll();
      await Promise.all([close(formatListener(command.listener)), listeners.adopted.close(command.listener)]);
      return 0;
    case 'publish':
      publish(command);
      return 0;
    case 'identify':
      listeners.identify(command.identity);
      taking ??= takeConnections(rings, listeners.adopted.adopt);
      return 0;
    case 'record':
      services.journals.journal = command.memory && attachJournal(command.memory);
      return 0;
    // Its sockets are closed one by one; it has no connections to give.
    case 'surrender':
    case 'settle':
    case 'adopt':
    case 'ping':
      return 0;
    case 'stop':
      taking?.end();
      await Promise.all([...[...servers.keys()].map(close), listeners.adopted.closeAll()]);
      return 0;
  }
}

async function open({
  listener,
  service,
  row,
  descriptor,
}: Extract<Command, { kind: 'open' }>): Promise<number> {
  const server = await listeners.open(listener, service, row, descriptor);
  servers.set(formatListener({ ...listener, port: server.port }), server);
  return server.port;
}

function publish(command: Extract<Command, { kind: 'publish' }>): void {
  const publication = publicationOf(command);
  services.publish(publication, command.hostRows);
  listeners.publish(publication);
}

async function close(key: string): Promise<void> {
  const server = servers.get(key);
  servers.delete(key);
  await server?.close();
}

/** The system's own error is the cause of a BindError. */
function describe(error: unknown): { errno: string; message: string } {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : '';
  return { errno: String(code), message: cause instanceof Error ? cause.message : String(cause) };
}
