// Text and numbers as octets, one after the other, into a buffer that the caller knows to be large enough.

export interface Writer {
  octets: Uint8Array;
  /** Where the next octet goes. */
  at: number;
}

/** ASCII. */
export function writeText(writer: Writer, text: string): void {
  const { octets } = writer;
  let { at } = writer;
  for (let index = 0; index < text.length; index++) octets[at++] = text.charCodeAt(index);
  writer.at = at;
}

/** A whole number from 0 on, in decimal. */
export function writeNumber(writer: Writer, value: number): void {
  let end = writer.at + 1;
  for (let bound = 10; value >= bound; bound *= 10) end++;
  const start = writer.at;
  writer.at = end;
  let rest = value;
  while (end > start) {
    const tenth = Math.floor(rest / 10);
    writer.octets[--end] = 0x30 + rest - tenth * 10;
    rest = tenth;
  }
}

export function writeOctets(writer: Writer, from: Uint8Array, offset: number, length: number): void {
  const { octets, at } = writer;
  for (let index = 0; index < length; index++) octets[at + index] = from[offset + index]!;
  writer.at = at + length;
}

/** A bencoded integer under a bencoded key: `8:intervali1800e`, with the key given as `8:interval`. */
export function writeIntegerEntry(writer: Writer, key: string, value: number): void {
  writeText(writer, key);
  writer.octets[writer.at++] = 0x69;
  writeNumber(writer, value);
  writer.octets[writer.at++] = 0x65;
}

/** The length and colon of a bencoded string. */
export function writeStringLength(writer: Writer, length: number): void {
  writeNumber(writer, length);
  writer.octets[writer.at++] = 0x3a;
}

/** A bencoded string of ASCII. */
export function writeString(writer: Writer, text: string): void {
  writeStringLength(writer, text.length);
  writeText(writer, text);
}
