// What a service manager is told over the socket that it names in NOTIFY_SOCKET (sd_notify(3)): one datagram a message.

import {
  AF_UNIX,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SockaddrUn,
} from './packet-engine/layout.ts';
import { type Libc, loadLibc } from './packet-engine/libc.ts';

/** False: nobody has heard it. */
export type ServiceNotify = (message: string) => boolean;

/**
 * Tells the socket at `address`: a path, or `@` and a name (unix(7), abstract). A socket of our own for each message, as
 * sd_notify has it: that of a manager which restarts is another one afterwards. Nothing waits for a manager that does not
 * read: the control plane has more to do. Undefined where there is no way to it: an
 * address of another kind, or no C library.
 */
export function createServiceNotify(address: string, load: () => Libc = loadLibc): ServiceNotify | undefined {
  const name = encodeAddress(address);
  if (name === undefined) return undefined;
  let libc: Libc;
  try {
    libc = load();
  } catch {
    return undefined;
  }
  const encoder = new TextEncoder();
  return (message) => {
    const descriptor = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return false;
    const octets = encoder.encode(message);
    const isSent =
      libc.connect(descriptor, name, name.length) === 0 &&
      libc.send(descriptor, octets, octets.length, MSG_NOSIGNAL | MSG_DONTWAIT) === octets.length;
    libc.close(descriptor);
    return isSent;
  };
}

/** A `struct sockaddr_un` without what stands behind the name: an abstract name is as long as its address. */
function encodeAddress(address: string): Uint8Array | undefined {
  const isAbstract = address.startsWith('@');
  if (!isAbstract && !address.startsWith('/')) return undefined;
  const octets = new TextEncoder().encode(isAbstract ? `\0${address.slice(1)}` : `${address}\0`);
  if (octets.length < 2 || octets.length > SockaddrUn.octets - SockaddrUn.path) return undefined;
  const name = new Uint8Array(SockaddrUn.path + octets.length);
  new DataView(name.buffer).setUint16(SockaddrUn.family, AF_UNIX, true);
  name.set(octets, SockaddrUn.path);
  return name;
}
