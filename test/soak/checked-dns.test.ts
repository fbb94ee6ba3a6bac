// The soak's own eye: an answer that is not of a version that may be served is seen.

import { describe, expect, test } from 'vitest';
import { createPacketSource } from '../../src/core/net/packet-handler.ts';
import { AnswerKind } from '../bench/load/protocol.ts';
import { createCheckedDns } from './checked-dns.ts';
import { authorityOfVersion } from './zone-versions.ts';

const ports = { tracker: 6969, passing: [7001, 7002] };

function prepare(oldest: number, newest: number) {
  const checked = createCheckedDns(Int32Array.of(oldest, newest, 0), ports);
  return {
    checked,
    /** The kind of what `version` answers to the query with this tag, after `change`. */
    kindOf(
      version: number,
      tag: number,
      change: (reply: Uint8Array) => Uint8Array = (reply) => reply,
    ): number {
      const request = new Uint8Array(512);
      const length = checked.write(request, new Int32Array(0), 0, tag, 0);
      const reply = new Uint8Array(4096);
      const replied = authorityOfVersion(version, ports).handle(
        request,
        0,
        length,
        createPacketSource(),
        reply,
        0,
        0,
      );
      const octets = change(reply.slice(0, replied));
      return checked.readKind(octets, 0, octets.length);
    },
  };
}

const TAGS = Array.from({ length: 40 }, (_, index) => index * 1009);

describe('the soak', () => {
  test('accepts what the versions that may be served answer', () => {
    const { kindOf, checked } = prepare(4, 5);
    for (const tag of TAGS) {
      expect(kindOf(4, tag)).toBe(AnswerKind.positive);
      expect(kindOf(5, tag)).toBe(AnswerKind.positive);
    }
    expect(checked.wrong).toEqual([]);
  });

  test('sees answers of versions before and after', () => {
    const { kindOf, checked } = prepare(4, 5);
    for (const version of [3, 6]) {
      const kinds = TAGS.map((tag) => kindOf(version, tag));
      expect(kinds).toContain(AnswerKind.error);
    }
    expect(checked.wrong.length).toBeGreaterThan(0);
  });

  test.each([
    ['one octet changed', (reply: Uint8Array) => reply.with(reply.length - 1, reply.at(-1)! ^ 1)],
    ['one octet missing', (reply: Uint8Array) => reply.slice(0, -1)],
    ['one octet more', (reply: Uint8Array) => Uint8Array.of(...reply, 0)],
  ])('sees %s', (_what, change) => {
    const { kindOf } = prepare(4, 5);
    for (const tag of TAGS) expect(kindOf(5, tag, change)).toBe(AnswerKind.error);
  });
});
