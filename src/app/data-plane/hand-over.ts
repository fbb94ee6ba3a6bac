// What a worker is told of the world: what is published, and, for the successor of one that died, all that it had.

import type { Listener } from '../../core/net/endpoint.ts';
import type { TlsIdentity } from '../../io/tls-server.ts';
import type { Command } from './commands.ts';
import { NO_TRANSFERS, type Publication, type Service } from './data-plane.ts';

/** A listener that is open, and how each worker was told of it. */
export interface OpenListener {
  readonly listener: Listener;
  readonly service: Service;
  /** UDP: one bound socket a packet worker. */
  readonly descriptors: readonly number[];
}

export type WorkerKind = 'packet' | 'stream';

/** Only a stream worker has use for journals, which may be large: what crosses to a thread is copied. */
export function publishCommand(
  { images, draining, transfers = NO_TRANSFERS }: Publication,
  kind: WorkerKind,
): Command {
  return {
    kind: 'publish',
    images: images.map(({ buffer }) => buffer),
    draining,
    transfers: kind === 'stream' ? transfers : { ...transfers, journals: [] },
  };
}

export interface Standing {
  readonly publication: Publication;
  /** Undefined: no listener is one for TLS. */
  readonly identity: TlsIdentity | undefined;
  readonly listeners: Iterable<OpenListener>;
}

/** `index` is the packet worker's. */
export function handOverCommands(standing: Standing, kind: WorkerKind, index: number): Command[] {
  const { publication, identity, listeners } = standing;
  const commands = [publishCommand(publication, kind)];
  if (kind === 'stream' && identity !== undefined) commands.push({ kind: 'identify', identity });
  for (const { listener, service, descriptors } of listeners) {
    if ((listener.transport === 'udp') !== (kind === 'packet')) continue;
    commands.push({ kind: 'open', service, listener, descriptor: descriptors[index] ?? 0 });
  }
  return commands;
}
