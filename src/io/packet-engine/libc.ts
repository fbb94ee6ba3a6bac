// The C library's calls that the packet and stream paths make, through koffi; the only importer of it.

import koffi from 'koffi';

/** Memory outside the collector's reach: it neither moves nor goes while this object is held. */
export interface NativeMemory {
  readonly address: bigint;
  readonly octets: Uint8Array;
  readonly view: DataView;
}

/** Each call returns what C returns: -1 for a failure whose number {@link Libc.errno} gives. */
export interface Libc {
  socket(family: number, type: number, protocol: number): number;
  bind(socket: number, address: Uint8Array, length: number): number;
  getsockname(socket: number, address: Uint8Array, length: Uint8Array): number;
  setsockopt(socket: number, level: number, option: number, value: Uint8Array, length: number): number;
  getsockopt(socket: number, level: number, option: number, value: Uint8Array, length: Uint8Array): number;
  close(descriptor: number): number;
  epollCreate(flags: number): number;
  epollControl(epoll: number, operation: number, descriptor: number, event: Uint8Array): number;
  epollWait(epoll: number, events: bigint, count: number, timeoutMilliseconds: number): number;
  eventfd(initial: number, flags: number): number;
  read(descriptor: number, octets: Uint8Array, length: number): number;
  write(descriptor: number, octets: Uint8Array, length: number): number;
  receiveMany(socket: number, messages: bigint, count: number, flags: number): number;
  sendMany(socket: number, messages: bigint, count: number, flags: number): number;
  listen(socket: number, backlog: number): number;
  /** accept4(2); `address` and `length` point to a `sockaddr` and its `socklen_t`. */
  accept(socket: number, address: bigint, length: bigint, flags: number): number;
  connect(socket: number, address: Uint8Array, length: number): number;
  receive(socket: number, octets: bigint, length: number, flags: number): number;
  send(socket: number, octets: bigint | Uint8Array, length: number, flags: number): number;
  shutdown(socket: number, how: number): number;
  /** sendmsg(2) and recvmsg(2); `message` points to a `struct msghdr`. */
  sendMessage(socket: number, message: bigint, flags: number): number;
  receiveMessage(socket: number, message: bigint, flags: number): number;
  /** fcntl(2) with one number. */
  control(descriptor: number, command: number, value: number): number;
  errno(): number;
  /** `address`: the start of a page. */
  madvise(address: bigint, length: number, advice: number): number;
  /** Where it lies, for as long as the object is held: memory of this kind does not move. */
  addressOf(buffer: SharedArrayBuffer): bigint;
  /** Zeroed. It stays until {@link Libc.free}. */
  allocate(length: number): NativeMemory;
  /** Its octets must not be touched again, neither here nor by the kernel. */
  free(memory: NativeMemory): void;
}

/** Throws where the C library or one of its calls is not to be had: off Linux, or with another C library. */
export function loadLibc(): Libc {
  const library = koffi.load('libc.so.6');
  // The timeout is always NULL, and a number passes more quickly than a null pointer.
  const recvmmsg = library.func('int recvmmsg(int, void *, unsigned int, int, intptr_t)');
  return {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, void *, uint32_t)'),
    getsockname: library.func('int getsockname(int, void *, void *)'),
    setsockopt: library.func('int setsockopt(int, int, int, void *, uint32_t)'),
    getsockopt: library.func('int getsockopt(int, int, int, void *, void *)'),
    close: library.func('int close(int)'),
    epollCreate: library.func('int epoll_create1(int)'),
    epollControl: library.func('int epoll_ctl(int, int, int, void *)'),
    epollWait: library.func('int epoll_wait(int, void *, int, int)'),
    eventfd: library.func('int eventfd(unsigned int, int)'),
    read: library.func('intptr_t read(int, void *, size_t)'),
    write: library.func('intptr_t write(int, void *, size_t)'),
    receiveMany: (socket, messages, count, flags) => recvmmsg(socket, messages, count, flags, 0),
    sendMany: library.func('int sendmmsg(int, void *, unsigned int, int)'),
    listen: library.func('int listen(int, int)'),
    accept: library.func('int accept4(int, void *, void *, int)'),
    connect: library.func('int connect(int, void *, uint32_t)'),
    receive: library.func('intptr_t recv(int, void *, size_t, int)'),
    send: library.func('intptr_t send(int, void *, size_t, int)'),
    shutdown: library.func('int shutdown(int, int)'),
    sendMessage: library.func('intptr_t sendmsg(int, void *, int)'),
    receiveMessage: library.func('intptr_t recvmsg(int, void *, int)'),
    // Variadic in C: on the platforms of layout.ts a number there is passed as any other.
    control: library.func('int fcntl(int, int, int)'),
    errno: () => koffi.errno(),
    madvise: library.func('int madvise(void *, size_t, int)'),
    addressOf: (buffer) => koffi.address(buffer) as unknown as bigint,
    allocate,
    free: ({ address }) => koffi.free(address),
  };
}

function allocate(length: number): NativeMemory {
  const address = koffi.alloc('uint8_t', length) as unknown as bigint;
  const buffer = koffi.view(address, length) as ArrayBuffer;
  const octets = new Uint8Array(buffer);
  octets.fill(0);
  return { address, octets, view: new DataView(buffer) };
}
