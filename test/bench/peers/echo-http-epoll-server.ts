// `node echo-http-epoll-server.ts ADDRESS PORT`: the same response to whatever comes, from epoll, accept4, read and write
// called through the foreign-function interface.

import koffi from 'koffi';
import { parseIpAddress } from '../../../src/core/net/ip-address.ts';
import { encodeAddress } from '../../../src/io/packet-engine/batch-socket.ts';
import {
  AF_INET,
  AF_INET6,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLLIN,
  EpollEvent,
  Errno,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
} from '../../../src/io/packet-engine/layout.ts';
import { loadLibc } from '../../../src/io/packet-engine/libc.ts';
import { echoResponse, isLastRequest } from './echo-response.ts';

const SOCK_STREAM = 1;
const BACKLOG = 511;
const EVENTS = 256;
const REQUEST_OCTETS = 4096;

const library = koffi.load('libc.so.6');
const listen: (socket: number, backlog: number) => number = library.func('int listen(int, int)');
const accept: (socket: number, address: null, length: null, flags: number) => number = library.func(
  'int accept4(int, void *, void *, int)',
);

const [address, port] = process.argv.slice(2) as [string, string];
const libc = loadLibc();
const octets = parseIpAddress(address)!;
const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
const listener = libc.socket(octets.length === 4 ? AF_INET : AF_INET6, type, 0);
const name = encodeAddress(octets, Number(port));
if (libc.bind(listener, name, name.length) < 0 || listen(listener, BACKLOG) < 0)
  throw new Error(`cannot listen: errno ${libc.errno()}`);

const epoll = libc.epollCreate(EPOLL_CLOEXEC);
const events = libc.allocate(EVENTS * EpollEvent.octets);
const response = echoResponse();
const request = new Uint8Array(REQUEST_OCTETS);
const event = new Uint8Array(EpollEvent.octets);
const eventView = new DataView(event.buffer);
eventView.setUint32(EpollEvent.events, EPOLLIN, true);

function watch(descriptor: number): void {
  eventView.setInt32(EpollEvent.data, descriptor, true);
  libc.epollControl(epoll, EPOLL_CTL_ADD, descriptor, event);
}

function acceptAll(): void {
  for (;;) {
    const descriptor = accept(listener, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return;
    watch(descriptor);
  }
}

function answer(descriptor: number): void {
  const length = libc.read(descriptor, request, REQUEST_OCTETS);
  if (length < 0 && libc.errno() === Errno.EAGAIN) return;
  if (length > 0) libc.write(descriptor, response, response.length);
  if (length <= 0 || isLastRequest(request, length)) libc.close(descriptor);
}

watch(listener);
// Blocks until a signal ends the process.
for (;;) {
  const count = libc.epollWait(epoll, events.address, EVENTS, -1);
  for (let index = 0; index < count; index++) {
    const descriptor = events.view.getInt32(index * EpollEvent.octets + EpollEvent.data, true);
    if (descriptor === listener) acceptAll();
    else answer(descriptor);
  }
}
