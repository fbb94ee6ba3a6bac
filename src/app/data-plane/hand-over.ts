// What a worker is told of the world: what is published, and, for the successor of one that died, all that it had.

import type { Listener } from '../../core/net/endpoint.ts';
import { NO_PAGE_SETTINGS } from '../../core/tracker/http/pages.ts';
import type { ZoneChange, ZoneJournal } from '../../core/transfer/changes.ts';
import { ZoneImage } from '../../core/zone/image/image.ts';
import type { TlsIdentity } from '../../io/streams/tls-server.ts';
import type { Command } from './commands.ts';
import { NO_TRANSFERS, type Publication, type Service } from './data-plane.ts';
import type { ReceiveBuffer } from './receive-buffer.ts';

/** A listener that is open, and how each worker was told of it. */
export interface OpenListener {
  readonly listener: Listener;
  readonly service: Service;
  /** Who answers there. */
  readonly worker: WorkerKind;
  /** One socket a packet worker, or more where a former process had more workers; one for the stream worker. */
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
  const { images, draining, transfers = NO_TRANSFERS, cookieSecrets, access } = publication;
  const { pages = NO_PAGE_SETTINGS } = publication;
  return {
    kind: 'publish',
    images: images.map(({ buffer }) => buffer),
    draining,
    transfers: { ...transfers, journals: transfers.journals.map(inSharedMemory) },
    cookieSecrets,
    access,
    pages,
    hostRows,
  };
}

/** What a worker makes of {@link publishCommand}. */
export function publicationOf(command: PublishCommand): Publication {
  const { images, ...rest } = command;
  return { ...rest, images: images.map((buffer) => new ZoneImage(buffer)) };
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
  /** Those at which the workers answer at this moment. */
  readonly listeners: Iterable<OpenListener>;
  /** Of packet workers. */
  readonly workerCount: number;
  /** Where announces are noted, by worker, the stream worker last; none while nobody copies the table. */
  readonly journals: readonly SharedArrayBuffer[];
  /** Another descriptor of a socket, for whoever closes it. */
  duplicate(descriptor: number): number;
}

/** `index` is the packet worker's, 0 for the stream worker: what it is told of a listener, once a socket. */
export function openCommands(
  open: OpenListener,
  kind: WorkerKind,
  index: number,
  standing: Standing,
): Command[] {
  const { listener, service, descriptors, row, worker } = open;
  const { identity, workerCount, duplicate } = standing;
  if (worker !== kind) return [];
  const command = { kind: 'open', service, listener, row, isSecured: identity !== undefined } as const;
  if (kind === 'stream') return [{ ...command, descriptor: duplicate(descriptors[0]!) }];
  const own = descriptors.filter((_, number) => number % workerCount === index);
  return own.map((descriptor) => ({ ...command, descriptor }));
}

/** `index` is the packet worker's, 0 for the stream worker. */
export function handOverCommands(standing: Standing, kind: WorkerKind, index: number): Command[] {
  const { publication, hostRows, identity, listeners, journals, workerCount } = standing;
  const commands: Command[] = [publishCommand(publication, hostRows)];
  if (kind === 'stream' && identity !== undefined) commands.push({ kind: 'identify', identity });
  const memory = journals[kind === 'stream' ? workerCount : index];
  if (memory !== undefined) commands.push({ kind: 'record', memory });
  for (const open of listeners) commands.push(...openCommands(open, kind, index, standing));
  return commands;
}
