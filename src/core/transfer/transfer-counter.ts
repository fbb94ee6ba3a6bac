import { Counter } from '../counters.ts';
import type { OutgoingTransfer } from './outgoing.ts';

/** Which counter takes a transfer that is given in this form. */
export function transferCounter(form: OutgoingTransfer['form']): number {
  switch (form) {
    case 'zone':
      return Counter.transfersZone;
    case 'changes':
      return Counter.transfersChanges;
    case 'current':
      return Counter.transfersCurrent;
  }
}
