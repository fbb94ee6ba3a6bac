import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findEngine } from '../../../src/app/data-plane/create-data-plane.ts';
import {
  acceptForDescriptors,
  connectForDescriptors,
  duplicate,
  listenForDescriptors,
  MAX_PASSED_DESCRIPTORS,
  peerProcess,
  peerUser,
  receiveDescriptors,
  sendDescriptors,
} from '../../../src/io/descriptor-passing/descriptor-socket.ts';
import type { Libc } from '../../../src/io/packet-engine/libc.ts';

const engine = findEngine();
const folder = mkdtempSync(join(tmpdir(), 'portolan-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;

function openPair(libc: Libc): { listening: number; from: number; to: number; close(): void } {
  const path = join(folder, `${made++}.sock`);
  const listening = listenForDescriptors(libc, path);
  const from = connectForDescriptors(libc, path);
  const to = acceptForDescriptors(libc, listening)!;
  const all = [listening, from, to];
  return { listening, from, to, close: () => all.forEach((descriptor) => void libc.close(descriptor)) };
}

describe.skipIf(engine.kind !== 'engine')('descriptors between processes', () => {
  const { libc } = engine as Extract<typeof engine, { kind: 'engine' }>;

  it.each([0, 1, 3, MAX_PASSED_DESCRIPTORS])('come with the octets beside them: %i at once', (count) => {
    const { listening, from, to, close } = openPair(libc);
    sendDescriptors(libc, from, Uint8Array.of(1, 2, 3), Array<number>(count).fill(listening));
    const passed = receiveDescriptors(libc, to)!;
    expect([...passed.octets]).toEqual([1, 2, 3]);
    expect(new Set(passed.descriptors).size).toBe(count);
    for (const descriptor of passed.descriptors) expect(libc.close(descriptor)).toBe(0);
    close();
  });

  it('are another descriptor of the same socket', () => {
    const { listening, from, to, close } = openPair(libc);
    sendDescriptors(libc, from, Uint8Array.of(0), [listening]);
    const [passed] = receiveDescriptors(libc, to)!.descriptors;
    libc.close(listening);
    const path = join(folder, `${made - 1}.sock`);
    const visitor = connectForDescriptors(libc, path);
    const accepted = acceptForDescriptors(libc, passed!);
    expect(accepted).toBeGreaterThan(0);
    for (const descriptor of [visitor, accepted!, passed!]) libc.close(descriptor);
    close();
  });

  it('name the user and the process at the other end', () => {
    const { from, to, close } = openPair(libc);
    expect([peerUser(libc, from), peerProcess(libc, to)]).toEqual([process.geteuid?.(), process.pid]);
    close();
  });

  it('are none where nothing was sent, and where the other end is closed', () => {
    const { from, to, close } = openPair(libc);
    expect(receiveDescriptors(libc, to)).toBeUndefined();
    libc.close(duplicate(libc, from));
    expect(receiveDescriptors(libc, to)).toBeUndefined();
    close();
  });

  it('are refused by the program where they are too many for a message', () => {
    const { from, close } = openPair(libc);
    expect(() => sendDescriptors(libc, from, Uint8Array.of(0), Array<number>(251).fill(0))).toThrow(
      RangeError,
    );
    close();
  });

  it.each([
    ['nobody listens', join(folder, 'nobody.sock'), 'ENOENT'],
    ['the path is too long', join(folder, 'x'.repeat(120)), 'ENAMETOOLONG'],
  ])('cannot be sent where %s', (_, path, code) => {
    expect(() => connectForDescriptors(libc, path)).toThrow(expect.objectContaining({ code }));
  });
});
