// What a worker is told of the world: what is published, and, for the successor of one that died, all that it had.

import type { Listener } from '../../core/net/endpoint.ts';
import { NO_PAGE_SETTINGS } from '../../core/tracker/http/pages.ts';
import type { ZoneChange, ZoneJournal } from '../../core/transfer/changes.ts';
import { ZoneImage } from '../../core/zone/image.ts';
import type { TlsIdentity } from '../../io/streams/tls-server.ts';
import type { Command } from './commands.ts';
import { NO_TRANSFERS, type Publication, type Service } from './data-plane.ts';
import type { ReceiveBuffer } from './receive-buffer.ts';

/** A listener that is open, and how each worker was told of it. */
export interface OpenListener {
  readonly listener: Listener;
  readonly service: Service;
  /** One socket a packet worker; none where the stream worker has its own. */
  readonly descriptors: readonly number[];
  readonly receiveBuffer: ReceiveBuffer | undefined;
  /** What its requests are counted as (traffic.ts). */
  readonly row: number;
}

export type WorkerKind = 'packet' | 'stream';

type PublishCommand = Extract<Command, { kind: 'publish' }>;

/** `hostRows`: where the requests of each tracker host are counted. */
export function publishCommand(
  publication: Publication,
  hostRows: ReadonlyMap<string, number>,
): PublishCommand {
  const { images, draining, transfers = NO_TRANSFERS, cookieSecrets, pages = NO_PAGE_SETTINGS } = publication;
  return {
    kind: 'publish',
    images: images.map(({ buffer }) => buffer),
    draining,
    transfers: { ...transfers, journals: transfers.journals.map(inSharedMemory) },
    cookieSecrets,
    pages,
    hostRows,
  };
}

/** What a worker makes of {@link publishCommand}. */
export function publicationOf(command: PublishCommand): Publication {
  const { images, draining, transfers, cookieSecrets, pages } = command;
  return { images: images.map((buffer) => new ZoneImage(buffer)), draining, transfers, cookieSecrets, pages };
}

/** What crosses to a thread is copied, but for shared memory; a change stays the same however often it is published. */
const sharedChanges = new WeakMap<ZoneChange, ZoneChange>();

function inSharedMemory({ apex, changes }: ZoneJournal): ZoneJournal {
  return { apex, changes: changes.map(sharedChange) };
}

function sharedChange(change: ZoneChange): ZoneChange {
  const known = sharedChanges.get(change);
  if (known !== undefined) return known;
  const shared = { ...change, removed: sharedCopy(change.removed), added: sharedCopy(change.added) };
  sharedChanges.set(change, shared);
  return shared;
}

function sharedCopy(octets: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(octets.length));
  copy.set(octets);
  return copy;
}

export interface Standing {
  readonly publication: Publication;
  readonly hostRows: ReadonlyMap<string, number>;
  /** Undefined: no listener is one for TLS. */
  readonly identity: TlsIdentity | undefined;
  readonly listeners: Iterable<OpenListener>;
}

/** `index` is the packet worker's; `identity` is what TLS is spoken with, where it is. */
// Positional: what a listener is, for whom.
export function openCommand(
  { listener, service, descriptors, row }: OpenListener,
  index: number,
  identity: TlsIdentity | undefined,
): Command {
  const descriptor = descriptors[index] ?? 0;
  return { kind: 'open', service, listener, descriptor, row, isSecured: identity !== undefined };
}

/** `index` is the packet worker's. */
export function handOverCommands(standing: Standing, kind: WorkerKind, index: number): Command[] {
  const { publication, hostRows, identity, listeners } = standing;
  const commands: Command[] = [publishCommand(publication, hostRows)];
  if (kind === 'stream' && identity !== undefined) commands.push({ kind: 'identify', identity });
  for (const open of listeners) {
    if (open.descriptors.length > 0 === (kind === 'packet'))
      commands.push(openCommand(open, index, identity));
  }
  return commands;
}
