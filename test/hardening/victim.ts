// A zone that scenarios spoil: whatever is done to its file, the last good version answers, and the log says why.

import { writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { zoneText } from '../support/serving.ts';
import { askUdp } from '../support/tracker-clients.ts';
import { type LogLine, type ServerProcess, waitUntil } from './server.ts';

export const VICTIM_FILE = 'victim.example.zone';

/** Longer than a busy machine takes to notice a save, to read it and to publish it. */
const PATIENCE_MILLISECONDS = 30_000;

/** A good zone whose TXT record says its version; `lines` go below it. */
export function versionText(version: number, lines = ''): string {
  return zoneText('victim.example', `t TXT "version ${version}"\n${lines}`, version);
}

/** Of the line behind {@link versionText}'s last one. */
export const NEXT_LINE = versionText(1).split('\n').length - 1;

export interface Victim {
  /** The version that the server should have. */
  readonly version: number;
  readonly path: string;
  /** What the server answers now. */
  answered(): Promise<readonly string[]>;
  /** Checks that the answer is {@link version}'s. */
  isServed(): Promise<void>;
  /** Writes a good version over whatever is there, and waits until it is served. */
  mend(write?: (path: string, text: string) => void): Promise<void>;
  /** Waits for this finding in the log, and checks that the last good version answers. */
  isExplained(code: string, spoil: () => void): Promise<LogLine>;
}

export function createVictim(server: ServerProcess): Victim {
  const path = server.path(VICTIM_FILE);
  let version = 1;
  const answered = async (): Promise<readonly string[]> =>
    (await askUdp('127.0.0.1', server.dnsPort, { name: 't.victim.example.', type: 'TXT' })).answer;
  const answerOf = (number: number): string[] => [`t.victim.example. 60 IN TXT "version ${number}"`];
  const isServed = async (): Promise<void> => expect(await answered()).toEqual(answerOf(version));
  return {
    get version() {
      return version;
    },
    path,
    answered,
    isServed,
    async mend(write = (target, text) => writeFileSync(target, text)) {
      version++;
      write(path, versionText(version));
      const expected = answerOf(version).join();
      expect(await waitUntil(async () => (await answered()).join() === expected, PATIENCE_MILLISECONDS)).toBe(
        true,
      );
    },
    async isExplained(code, spoil) {
      const after = server.log().length;
      spoil();
      const line = await server.logged((said) => said.code === code, after);
      await isServed();
      return line;
    },
  };
}
