// Huge pages behind zone images. A query to a large zone touches memory whose translation no cache holds, and each miss
// is a walk through page tables: 7 % of an answer from 1,000,000 names.

import { type Libc, loadLibc } from './libc.ts';

/** Of x86-64, and of arm64 with pages of 4 KiB (kernel: Documentation/admin-guide/mm/transhuge.rst). */
const HUGE_PAGE_OCTETS = 2 * 1024 * 1024;
/** What madvise(2) wants an address to be a multiple of; where pages are larger it refuses, and nothing is lost. */
const PAGE_OCTETS = 4096n;
/** madvise(2), since Linux 6.1: now, and not when the kernel next looks. */
const MADV_COLLAPSE = 25;

export type CollapsePages = (buffer: SharedArrayBuffer) => void;

/**
 * What moves a buffer that has been filled to huge pages: 20 ms for 80 MiB, and it may be read meanwhile. Asked for before,
 * the kernel would have to make room while a zone waits to be served (a third more to compile). Pages that
 * nothing was written to stay out of memory, but for those that share a huge page with others. Whatever
 * the kernel refuses stays as it is, and where there is no C library to ask through, nothing is done.
 */
export function createPageCollapse(load: () => Libc = loadLibc): CollapsePages {
  let libc: Libc;
  try {
    libc = load();
  } catch {
    return () => {};
  }
  return (buffer) => {
    if (buffer.byteLength < HUGE_PAGE_OCTETS) return;
    const address = libc.addressOf(buffer);
    const start = ((address + PAGE_OCTETS - 1n) / PAGE_OCTETS) * PAGE_OCTETS;
    libc.madvise(start, buffer.byteLength - Number(start - address), MADV_COLLAPSE);
  };
}
