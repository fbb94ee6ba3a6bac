// The structures that Linux and this program exchange, written down once. Sizes and offsets are in octets; integers
// are in the machine's order but for ports and addresses. x86-64 and arm64 (LP64, little-endian) agree on all but
// epoll_event. The self-test (self-test.ts) proves them at start on a pair of loopback sockets.

/** `struct sockaddr_in { sa_family_t sin_family; in_port_t sin_port; struct in_addr sin_addr; char sin_zero[8]; }` */
export const SockaddrIn = { family: 0, port: 2, address: 4, octets: 16 } as const;

/**
 * `struct sockaddr_in6 { sa_family_t sin6_family; in_port_t sin6_port; uint32_t sin6_flowinfo;
 *   struct in6_addr sin6_addr; uint32_t sin6_scope_id; }`
 */
export const SockaddrIn6 = { family: 0, port: 2, flowInfo: 4, address: 8, scopeId: 24, octets: 28 } as const;

/** `struct iovec { void *iov_base; size_t iov_len; }` */
export const Iovec = { base: 0, length: 8, octets: 16 } as const;

/**
 * `struct mmsghdr { struct msghdr { void *msg_name; socklen_t msg_namelen; struct iovec *msg_iov; size_t msg_iovlen;
 *   void *msg_control; size_t msg_controllen; int msg_flags; } msg_hdr; unsigned int msg_len; }`
 */
export const Mmsghdr = {
  name: 0,
  nameLength: 8,
  iov: 16,
  iovLength: 24,
  control: 32,
  controlLength: 40,
  flags: 48,
  length: 56,
  octets: 64,
} as const;

/** `struct cmsghdr { size_t cmsg_len; int cmsg_level; int cmsg_type; }`, data behind it. */
export const Cmsghdr = { length: 0, level: 8, type: 12, data: 16 } as const;

/** `struct in_pktinfo { int ipi_ifindex; struct in_addr ipi_spec_dst; struct in_addr ipi_addr; }` */
export const InPktinfo = { interfaceIndex: 0, specificDestination: 4, address: 8, octets: 12 } as const;

/** `struct sockaddr_un { sa_family_t sun_family; char sun_path[108]; }`, the path ended by a zero. */
export const SockaddrUn = { family: 0, path: 2, octets: 110 } as const;

/** `struct ucred { pid_t pid; uid_t uid; gid_t gid; }` */
export const Ucred = { pid: 0, uid: 4, gid: 8, octets: 12 } as const;

/** Room for either control message, header and padding included (CMSG_SPACE). */
export const CONTROL_OCTETS = 40;

/** `struct epoll_event { uint32_t events; uint64_t data; }`: packed on x86-64, aligned elsewhere. */
export const EpollEvent =
  process.arch === 'x64'
    ? ({ events: 0, data: 4, octets: 12 } as const)
    : ({ events: 0, data: 8, octets: 16 } as const);

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_SEQPACKET = 5;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_RCVBUF = 8;
export const SO_REUSEPORT = 15;
export const SO_PEERCRED = 17;
export const SCM_RIGHTS = 1;
export const F_DUPFD_CLOEXEC = 1030;
export const IPPROTO_IP = 0;
export const IPPROTO_TCP = 6;
export const IPPROTO_IPV6 = 41;
export const TCP_NODELAY = 1;
export const TCP_DEFER_ACCEPT = 9;
export const IP_PKTINFO = 8;
export const IPV6_V6ONLY = 26;
export const IPV6_RECVPKTINFO = 49;
export const MSG_CTRUNC = 0x8;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_MORE = 0x8000;
export const MSG_CMSG_CLOEXEC = 0x40000000;
export const SHUT_RD = 0;
export const SHUT_WR = 1;
export const EPOLLIN = 1;
export const EPOLLOUT = 4;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLL_CLOEXEC = 0o2000000;
export const EFD_NONBLOCK = 0o4000;
export const EFD_CLOEXEC = 0o2000000;

/** Errors that packets and connections meet, by number (asm-generic/errno.h). */
export const Errno = {
  EINTR: 4,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  ENFILE: 23,
  EMFILE: 24,
  EINVAL: 22,
  EBADF: 9,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  EMSGSIZE: 90,
  EAFNOSUPPORT: 97,
  ENOBUFS: 105,
  ENAMETOOLONG: 36,
  ECONNREFUSED: 111,
} as const;
