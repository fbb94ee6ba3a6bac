import { Counter } from '../../counters.ts';
import { Rcode } from '../../dns/record-type.ts';

/** Which counter takes a reply with this response code. */
export function rcodeCounter(rcode: number): number {
  switch (rcode) {
    case Rcode.NOERROR:
      return Counter.dnsNoError;
    case Rcode.NXDOMAIN:
      return Counter.dnsNxDomain;
    case Rcode.REFUSED:
      return Counter.dnsRefused;
    case Rcode.FORMERR:
      return Counter.dnsFormErr;
    case Rcode.NOTIMP:
      return Counter.dnsNotImp;
    default:
      return Counter.dnsOther;
  }
}
