// The calls of the C library that a client makes and a server does not.

import koffi from 'koffi';

export interface ClientCalls {
  /** -1 for a failure. */
  connect(socket: number, address: Uint8Array, length: number): number;
  /** `descriptors`: an array of struct pollfd, in memory that stays. */
  poll(descriptors: bigint, count: number, timeoutMilliseconds: number): number;
}

export function loadClientCalls(): ClientCalls {
  const library = koffi.load('libc.so.6');
  return {
    connect: library.func('int connect(int, void *, uint32_t)'),
    poll: library.func('int poll(void *, unsigned long, int)'),
  };
}
