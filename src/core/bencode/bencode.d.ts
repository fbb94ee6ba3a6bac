// npm's bencode comes without types; these are of the part that encode.ts uses.
declare module 'bencode' {
  const bencode: { encode(value: unknown): Uint8Array };
  export default bencode;
}
