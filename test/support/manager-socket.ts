// The socket of a service manager: a datagram socket of the family AF_UNIX, which Node has not. Nothing of the product
// but the C library is used.

import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadLibc } from '../../src/io/packet-engine/libc.ts';
import { temporaryFolder } from './temporary-folder.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

export interface ManagerSocket {
  /** As NOTIFY_SOCKET has it. */
  readonly address: string;
  /** All that has come since the last call. */
  received(): string[];
  /** Closed at the end of the test all the same; a path is free again then. */
  close(): void;
}

/** At `former`, an address that is free again, or at one of its own. */
export async function openManagerSocket(kind: 'path' | 'abstract', former?: string): Promise<ManagerSocket> {
  const own =
    kind === 'path'
      ? join(await temporaryFolder(), 'notify')
      : `@portolan-test-${process.pid}-${performance.now()}`;
  const address = former ?? own;
  const libc = loadLibc();
  const descriptor = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const text = kind === 'path' ? `${address}\0` : `\0${address.slice(1)}`;
  const name = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(text)]);
  if (libc.bind(descriptor, name, name.length) !== 0) throw new Error(`cannot bind: ${libc.errno()}`);
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    libc.close(descriptor);
    if (kind === 'path') unlinkSync(address);
  };
  onTestFinished(close);
  return {
    address,
    received() {
      const messages: string[] = [];
      const octets = Buffer.alloc(4096);
      for (;;) {
        const length = libc.read(descriptor, octets, octets.length);
        if (length <= 0) return messages;
        messages.push(octets.toString('utf8', 0, length));
      }
    },
    close,
  };
}
