// The records of a transfer in their order. Which form it has shows with the second one (RFC 1995 §4): a SOA of the
// version at hand begins a list of changes, anything else is the whole zone; the SOA that came first ends both.
//
//   AXFR   soa=new  record …  soa=new
//   IXFR   soa=new  { soa=old  removed …  soa=next  added … } …  soa=new

import { isSameNameAt, suffixOffset } from '../dns/name.ts';
import { RecordType } from '../dns/record-type.ts';
import { readUint32 } from '../octets/big-endian.ts';
import { createRecordColumns, RecordTable } from '../zone/record-table.ts';
import type { ZoneChange } from './changes.ts';
import type { TransferReaderOptions, TransferReading, TransferReadLimits } from './incoming.ts';
import type { ReceivedRecord } from './received-record.ts';
import { RecordBlock } from './record-block.ts';
import { isNewerSerial, SOA_NUMBERS_OCTETS } from './serial.ts';

export class TransferSequence {
  private readonly options: TransferReaderOptions;
  private readonly limits: TransferReadLimits;
  private state: 'start' | 'second' | 'zone' | 'removing' | 'adding' = 'start';
  /** Of the version that the transfer leads to. */
  private serial = 0;
  private count = 0;
  private ignored = 0;
  /** Of blocks that are closed. */
  private octets = 0;
  private readonly records = new RecordTable();
  private readonly row = createRecordColumns();
  /** What `row.owner` is, letters included. */
  private ownerLength = 0;
  /** Bounded by `maxRecords`: each has two SOAs. */
  private readonly changes: ZoneChange[] = [];
  private removed = new RecordBlock();
  private added = new RecordBlock();
  private fromSerial = 0;
  private toSerial = 0;

  constructor(options: TransferReaderOptions, limits: TransferReadLimits) {
    this.options = options;
    this.limits = limits;
  }

  /** The next record; undefined while the end is not there. */
  take(record: ReceivedRecord): TransferReading | undefined {
    if (++this.count > this.limits.maxRecords || this.size > this.limits.maxOctets) return tooLarge();
    const { apex } = this.options;
    const owner = record.owner.octets;
    const isSoa = record.type === RecordType.SOA;
    if (isSoa && !isSameNameAt(owner, 0, apex, 0)) {
      return wrongSequence('The SOA of another zone is in the transfer.');
    }
    if (!isSoa && this.state === 'start') return wrongSequence('The transfer does not begin with a SOA.');
    if (suffixOffset(owner, 0, apex) < 0) {
      // As NSD, Knot and BIND: what is not of the zone is left out, and the transfer goes on.
      this.ignored++;
      return undefined;
    }
    return isSoa ? this.takeSoa(record) : this.takeData(record);
  }

  /** After the last record of a message: the SOA alone answers IXFR where nothing is newer (RFC 1995 §2). */
  endMessage(): TransferReading | undefined {
    const { kind, serial = 0 } = this.options;
    if (this.state !== 'second' || kind !== 'ixfr' || isNewerSerial(this.serial, serial)) return undefined;
    return { kind: 'current', serial: this.serial };
  }

  private get size(): number {
    return this.records.used + this.octets + this.removed.length + this.added.length;
  }

  private takeSoa(record: ReceivedRecord): TransferReading | undefined {
    const serial = readUint32(record.rdata, record.rdataLength - SOA_NUMBERS_OCTETS);
    switch (this.state) {
      case 'start':
        this.serial = serial;
        this.state = 'second';
        this.addRow(record);
        return undefined;
      case 'second':
        if (this.options.kind === 'ixfr' && serial === this.options.serial)
          return this.beginRemoving(record, serial);
        return this.endZone(serial);
      case 'zone':
        return this.endZone(serial);
      case 'removing':
        this.toSerial = serial;
        this.state = 'adding';
        this.appendTo(this.added, record);
        return undefined;
      case 'adding':
        return this.endChange(record, serial);
    }
  }

  private takeData(record: ReceivedRecord): undefined {
    if (this.state === 'second') this.state = 'zone';
    if (this.state === 'zone') this.addRow(record);
    else this.appendTo(this.state === 'removing' ? this.removed : this.added, record);
  }

  private endZone(serial: number): TransferReading {
    if (serial !== this.serial) return wrongSequence('The zone changed its serial during the transfer.');
    return { kind: 'done', records: this.records, serial, ignored: this.ignored };
  }

  private beginRemoving(record: ReceivedRecord, serial: number): undefined {
    this.fromSerial = serial;
    this.state = 'removing';
    this.appendTo(this.removed, record);
  }

  private endChange(record: ReceivedRecord, serial: number): TransferReading | undefined {
    const { removed, added, fromSerial, toSerial } = this;
    if (serial !== toSerial) return wrongSequence('The serials of two changes do not fit together.');
    this.changes.push({
      fromSerial,
      toSerial,
      removed: removed.octets(),
      removedCount: removed.count,
      added: added.octets(),
      addedCount: added.count,
    });
    this.octets += removed.length + added.length;
    this.removed = new RecordBlock();
    this.added = new RecordBlock();
    if (serial !== this.serial) return this.beginRemoving(record, serial);
    return { kind: 'incremental', changes: this.changes, serial, ignored: this.ignored };
  }

  private appendTo(block: RecordBlock, record: ReceivedRecord): void {
    block.append(record.owner.octets, record.type, record.ttl, record.rdata, record.rdataLength);
  }

  /** Neighbours of one owner share it. */
  private addRow(record: ReceivedRecord): void {
    const { records, row } = this;
    const { octets: name, length } = record.owner;
    if (!this.isLastOwner(name, length)) {
      row.owner = records.reserve(length);
      this.ownerLength = length;
      for (let index = 0; index < length; index++) records.octets[row.owner + index] = name[index]!;
    }
    row.type = record.type;
    row.ttl = record.ttl;
    row.rdataLength = record.rdataLength;
    row.rdataOffset = records.reserve(record.rdataLength);
    for (let index = 0; index < record.rdataLength; index++) {
      records.octets[row.rdataOffset + index] = record.rdata[index]!;
    }
    records.add(row);
  }

  private isLastOwner(name: Uint8Array, length: number): boolean {
    if (length !== this.ownerLength) return false;
    for (let index = 0; index < length; index++) {
      if (name[index] !== this.records.octets[this.row.owner + index]) return false;
    }
    return true;
  }
}

function wrongSequence(message: string): TransferReading {
  return { kind: 'failed', code: 'wrong-sequence', message };
}

function tooLarge(): TransferReading {
  return { kind: 'failed', code: 'too-large', message: 'The transfer is larger than a zone may be.' };
}
