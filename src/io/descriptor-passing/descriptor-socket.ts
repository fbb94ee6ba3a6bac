// Descriptors from one process to another of the same user (unix(7), SCM_RIGHTS): a socket beside the one that carries
// what is said of them, because Node reads octets from its own sockets and drops the descriptors that come along. A message is
// in the receiver's queue once it is sent: who is told of it elsewhere finds it there, and nobody has to wait for it.

import { check, SystemCallError } from '../packet-engine/batch-socket.ts';
import {
  AF_UNIX,
  Cmsghdr,
  Errno,
  F_DUPFD_CLOEXEC,
  Iovec,
  Mmsghdr,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SCM_RIGHTS,
  SO_PEERCRED,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_SEQPACKET,
  SOL_SOCKET,
  SockaddrUn,
  Ucred,
} from '../packet-engine/layout.ts';
import type { Libc, NativeMemory } from '../packet-engine/libc.ts';

/** In one message; the kernel takes 253 (SCM_MAX_FD, unix(7)). */
export const MAX_PASSED_DESCRIPTORS = 250;
/** Octets beside them: at least one, or the message is none. */
const MAX_WORD_OCTETS = 64;
/** Connections that wait to be accepted. */
const BACKLOG = 8;
const SOCKET_TYPE = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;

// Where things stand in the memory that a call is given.
const AT = { message: 0, vector: 64, octets: 80, control: 80 + MAX_WORD_OCTETS } as const;
const CONTROL_OCTETS = Cmsghdr.data + 4 * MAX_PASSED_DESCRIPTORS;

/** What came in one message: `octets` beside the descriptors, which are the receiver's to close. */
export interface PassedDescriptors {
  readonly octets: Uint8Array;
  readonly descriptors: readonly number[];
}

/** Binds and listens. Throws `SystemCallError`: `EADDRINUSE` where the path exists, `ENAMETOOLONG`. */
export function listenForDescriptors(libc: Libc, path: string): number {
  return withSocket(libc, (descriptor) => {
    const name = encodePath(path);
    check(libc, 'bind', libc.bind(descriptor, name, name.length));
    check(libc, 'listen', libc.listen(descriptor, BACKLOG));
  });
}

/** Throws `SystemCallError`: `ENOENT`, `ECONNREFUSED` where nobody listens. */
export function connectForDescriptors(libc: Libc, path: string): number {
  return withSocket(libc, (descriptor) => {
    const name = encodePath(path);
    check(libc, 'connect', libc.connect(descriptor, name, name.length));
  });
}

/** The next connection that waits; undefined for none. */
export function acceptForDescriptors(libc: Libc, listening: number): number | undefined {
  const descriptor = libc.accept(listening, 0n, 0n, SOCK_NONBLOCK | SOCK_CLOEXEC);
  return descriptor < 0 ? undefined : descriptor;
}

/** The user at the other end as the kernel knows it. Throws `SystemCallError`. */
export function peerUser(libc: Libc, descriptor: number): number {
  return peerCredential(libc, descriptor, Ucred.uid);
}

/** The process at the other end. Throws `SystemCallError`. */
export function peerProcess(libc: Libc, descriptor: number): number {
  return peerCredential(libc, descriptor, Ucred.pid);
}

function peerCredential(libc: Libc, descriptor: number, at: number): number {
  const octets = new Uint8Array(Ucred.octets);
  const length = Uint8Array.of(octets.length, 0, 0, 0);
  const result = libc.getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, octets, length);
  check(libc, 'getsockopt', result);
  return new DataView(octets.buffer).getUint32(at, true);
}

/** Another descriptor of the same socket. Throws `SystemCallError`. */
export function duplicate(libc: Libc, descriptor: number): number {
  return check(libc, 'fcntl', libc.control(descriptor, F_DUPFD_CLOEXEC, 0));
}

/** One message; the descriptors stay open here. Throws `SystemCallError`. */
export function sendDescriptors(
  libc: Libc,
  socket: number,
  octets: Uint8Array,
  descriptors: readonly number[],
): void {
  if (octets.length === 0 || octets.length > MAX_WORD_OCTETS || descriptors.length > MAX_PASSED_DESCRIPTORS)
    throw new RangeError('too much or nothing for one message');
  withMessage(libc, (memory) => {
    const { view } = memory;
    memory.octets.set(octets, AT.octets);
    view.setBigUint64(AT.vector + Iovec.length, BigInt(octets.length), true);
    const controlOctets = descriptors.length === 0 ? 0 : Cmsghdr.data + 4 * descriptors.length;
    view.setBigUint64(Mmsghdr.controlLength, BigInt(controlOctets), true);
    view.setBigUint64(AT.control + Cmsghdr.length, BigInt(controlOctets), true);
    view.setInt32(AT.control + Cmsghdr.level, SOL_SOCKET, true);
    view.setInt32(AT.control + Cmsghdr.type, SCM_RIGHTS, true);
    for (const [index, descriptor] of descriptors.entries())
      view.setInt32(AT.control + Cmsghdr.data + 4 * index, descriptor, true);
    check(libc, 'sendmsg', libc.sendMessage(socket, memory.address, MSG_NOSIGNAL | MSG_DONTWAIT));
  });
}

/**
 * One message that has been sent; undefined when there is none, or the other end is closed. Throws `SystemCallError`,
 * `EMFILE` where this process may not open as many.
 */
export function receiveDescriptors(libc: Libc, socket: number): PassedDescriptors | undefined {
  return withMessage(libc, (memory) => {
    const { view } = memory;
    view.setBigUint64(AT.vector + Iovec.length, BigInt(MAX_WORD_OCTETS), true);
    view.setBigUint64(Mmsghdr.controlLength, BigInt(CONTROL_OCTETS), true);
    const count = libc.receiveMessage(socket, memory.address, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (count <= 0) return undefined;
    const descriptors = readDescriptors(view);
    if ((view.getInt32(Mmsghdr.flags, true) & MSG_CTRUNC) !== 0) {
      for (const descriptor of descriptors) libc.close(descriptor);
      throw new SystemCallError('recvmsg', Errno.EMFILE);
    }
    return { octets: memory.octets.slice(AT.octets, AT.octets + count), descriptors };
  });
}

function readDescriptors(view: DataView): number[] {
  const controlOctets = Number(view.getBigUint64(Mmsghdr.controlLength, true));
  if (controlOctets < Cmsghdr.data) return [];
  const isRights =
    view.getInt32(AT.control + Cmsghdr.level, true) === SOL_SOCKET &&
    view.getInt32(AT.control + Cmsghdr.type, true) === SCM_RIGHTS;
  if (!isRights) return [];
  const octets = Number(view.getBigUint64(AT.control + Cmsghdr.length, true)) - Cmsghdr.data;
  return Array.from({ length: Math.floor(octets / 4) }, (_, index) =>
    view.getInt32(AT.control + Cmsghdr.data + 4 * index, true),
  );
}

/** A `msghdr` with its vector and room for both kinds of content, all zero but the addresses. */
function withMessage<T>(libc: Libc, use: (memory: NativeMemory) => T): T {
  const memory = libc.allocate(AT.control + CONTROL_OCTETS);
  try {
    const { view, address } = memory;
    view.setBigUint64(Mmsghdr.iov, address + BigInt(AT.vector), true);
    view.setBigUint64(Mmsghdr.iovLength, 1n, true);
    view.setBigUint64(AT.vector + Iovec.base, address + BigInt(AT.octets), true);
    view.setBigUint64(Mmsghdr.control, address + BigInt(AT.control), true);
    return use(memory);
  } finally {
    libc.free(memory);
  }
}

function withSocket(libc: Libc, use: (descriptor: number) => void): number {
  const descriptor = check(libc, 'socket', libc.socket(AF_UNIX, SOCKET_TYPE, 0));
  try {
    use(descriptor);
    return descriptor;
  } catch (error) {
    libc.close(descriptor);
    throw error;
  }
}

/** `struct sockaddr_un`; longer than it takes is ENAMETOOLONG, as of the calls that take any path. */
function encodePath(path: string): Uint8Array {
  const octets = new TextEncoder().encode(path);
  const name = new Uint8Array(SockaddrUn.octets);
  if (octets.length >= name.length - SockaddrUn.path) throw new SystemCallError('bind', Errno.ENAMETOOLONG);
  new DataView(name.buffer).setUint16(SockaddrUn.family, AF_UNIX, true);
  name.set(octets, SockaddrUn.path);
  return name;
}
