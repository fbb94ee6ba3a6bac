// Buffers of images are used again for the zone's next version; a transfer reads one for minutes. A lease says so: it is
// a count in the image's header that all threads see. A buffer with a lease is not written to.
//
// Why that is enough: an image is leased only by who finds it in a catalog, and a buffer is offered for use again only
// after every worker has acknowledged the next catalog. From then on the count can only fall. A thread that dies with
// a lease leaves the count above zero for good: its buffer is never used again, and the collector takes it.
//
// What bounds it: a lease lasts as long as its transfer, which the stream ends after `transferMilliseconds`.

import { Header, type ZoneImage } from '../zone/image/image.ts';

export interface ImageLease {
  /** Safe twice. */
  end(): void;
}

/** The image's octets stay as they are until the lease ends. */
export function leaseImage(image: ZoneImage): ImageLease {
  let isHeld = true;
  Atomics.add(image.words, Header.leases, 1);
  return {
    end() {
      if (isHeld) Atomics.sub(image.words, Header.leases, 1);
      isHeld = false;
    },
  };
}

/** Whether the image in `buffer` is being read under a lease. */
export function isLeased(buffer: SharedArrayBuffer): boolean {
  return Atomics.load(new Uint32Array(buffer, 0, Header.words), Header.leases) > 0;
}
