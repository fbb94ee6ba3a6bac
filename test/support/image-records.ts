// A compiled zone as a table of records, to be compared and to have changes applied to it.

import { forEachRecord, ImageRecord, writeOwner } from '../../src/core/transfer/image-records.ts';
import type { ZoneImage } from '../../src/core/zone/image/image.ts';
import { RecordTable } from '../../src/core/zone/record-table.ts';

/** All records of the zone, as `parseZone` gives them but for the letters of owners: those are folded below the apex. */
export function imageToRecords(image: ZoneImage): RecordTable {
  const table = new RecordTable();
  const record = new ImageRecord();
  const row = { owner: 0, type: 0, ttl: 0, rdataOffset: 0, rdataLength: 0, file: 0, line: 0, column: 0 };
  function addRow(): void {
    const { rdataLength, rdata } = record;
    row.type = record.type;
    row.ttl = record.ttl;
    row.rdataLength = rdataLength;
    row.rdataOffset = table.reserve(rdataLength);
    for (let index = 0; index < rdataLength; index++) table.octets[row.rdataOffset + index] = rdata[index]!;
    table.add(row);
  }
  image.forEachNode((node) => {
    if (image.rrsetCountOf(node) === 0) return;
    row.owner = table.reserve(image.nameLengthOf(node));
    writeOwner(image, node, table.octets, row.owner);
    forEachRecord(image, node, record, addRow);
  });
  return table;
}
