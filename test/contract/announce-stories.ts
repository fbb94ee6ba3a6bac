// Stories that every front end tells the same way. A step is one announce: who, how, and what the tracker says.
// `A`, `B`, … are clients with an address, a port and a peer id of their own.

export interface Step {
  /** Seconds since the story began; as the step before when absent. */
  readonly at?: number;
  readonly who: string;
  readonly left?: number;
  readonly event?: 'started' | 'completed' | 'stopped' | 'paused';
  readonly port?: number;
  readonly key?: number;
  readonly numwant?: number;
  /** Announces over the other family than the one that the suite runs in. */
  readonly otherFamily?: true;
  /** Seeds, leechers, downloads. */
  readonly counts?: readonly [number, number, number];
  /** Listed, in any order: names, with `:port` for one that moved, and `'` for the other family. */
  readonly peers?: string;
  /** How many are listed, where chance decides which. */
  readonly listed?: number;
  readonly failure?: RegExp;
}

export interface Story {
  readonly name: string;
  readonly steps: readonly Step[];
}

const LIFETIME = 2700;
/** Ages are counted in steps of 22 seconds: one may be cut short at the beginning, and one at the end. */
const AGE_STEPS = 2 * 22;

export const STORIES: readonly Story[] = [
  {
    name: 'a leecher meets a seed, and each is listed for the other',
    steps: [
      { who: 'A', left: 0, event: 'started', counts: [1, 0, 0], peers: '' },
      { who: 'B', left: 9, event: 'started', counts: [1, 1, 0], peers: 'A' },
      { who: 'A', left: 0, counts: [1, 1, 0], peers: 'B' },
    ],
  },
  {
    name: 'the asker is not in its own list',
    steps: [
      { who: 'A', left: 5, peers: '' },
      { who: 'A', left: 5, peers: '' },
      { who: 'B', left: 5, peers: 'A' },
      { who: 'A', left: 5, peers: 'B' },
    ],
  },
  {
    name: 'seeds do not get seeds',
    steps: [
      { who: 'A', left: 0 },
      { who: 'B', left: 0, counts: [2, 0, 0], peers: '' },
      { who: 'C', left: 1, counts: [2, 1, 0], peers: 'A B' },
      { who: 'A', left: 0, peers: 'C' },
    ],
  },
  {
    name: 'completed counts once however often it is said',
    steps: [
      { who: 'A', left: 5, event: 'started', counts: [0, 1, 0] },
      { who: 'A', left: 0, event: 'completed', counts: [1, 0, 1] },
      { who: 'A', left: 0, event: 'completed', counts: [1, 0, 1] },
      { who: 'A', left: 0, counts: [1, 0, 1] },
    ],
  },
  {
    name: 'completed of a client that lacks something counts no download, and later it counts once',
    steps: [
      { who: 'A', left: 5, event: 'completed', counts: [0, 1, 0] },
      { who: 'A', left: 0, event: 'completed', counts: [1, 0, 1] },
    ],
  },
  {
    name: 'stopped removes the peer and lists nobody',
    steps: [
      { who: 'A', left: 0 },
      { who: 'B', left: 5 },
      { who: 'A', left: 0, event: 'stopped', counts: [0, 1, 0], peers: '' },
      { who: 'B', left: 5, counts: [0, 1, 0], peers: '' },
    ],
  },
  {
    name: 'stopped of a stranger changes nothing',
    steps: [
      { who: 'A', left: 0 },
      { who: 'B', left: 5, event: 'stopped', counts: [1, 0, 0], peers: '' },
    ],
  },
  {
    name: 'downloads are remembered when the last peer leaves',
    steps: [
      { who: 'A', left: 0, event: 'completed', counts: [1, 0, 1] },
      { who: 'A', left: 0, event: 'stopped', counts: [0, 0, 1] },
      { who: 'B', left: 5, counts: [0, 1, 1] },
    ],
  },
  {
    name: 'a client that moved to another port is one client, at the new port',
    steps: [
      { who: 'A', left: 5, port: 1111 },
      { who: 'A', left: 5, port: 2222, counts: [0, 1, 0], peers: '' },
      { who: 'B', left: 5, counts: [0, 2, 0], peers: 'A:2222' },
    ],
  },
  {
    name: 'a seed that starts to lack something becomes a leecher',
    steps: [
      { who: 'A', left: 0 },
      { who: 'B', left: 0 },
      { who: 'A', left: 7, counts: [1, 1, 0], peers: 'B' },
      { who: 'B', left: 0, peers: 'A' },
    ],
  },
  {
    name: 'a partial seed is incomplete, and is of no use to a seed (BEP 21)',
    steps: [
      { who: 'A', left: 7, event: 'paused', counts: [0, 1, 0] },
      { who: 'B', left: 0, counts: [1, 1, 0], peers: '' },
      { who: 'C', left: 7, counts: [1, 2, 0], peers: 'A B' },
      { who: 'A', left: 7, event: 'paused', counts: [1, 2, 0], peers: 'C' },
      { who: 'A', left: 7, counts: [1, 2, 0], peers: 'B C' },
    ],
  },
  {
    name: 'numwant: 0 is none, absent and negative are 50, more than there are is all',
    steps: [
      ...[...'ABCDE'].map((who) => ({ who, left: 5 })),
      { who: 'F', left: 5, numwant: 0, listed: 0 },
      { who: 'F', left: 5, numwant: 3, listed: 3 },
      { who: 'F', left: 5, numwant: -1, listed: 5 },
      { who: 'F', left: 5, numwant: 2 ** 32 - 1, listed: 5 },
      { who: 'F', left: 5, numwant: 2 ** 31 - 1, listed: 5 },
      { who: 'F', left: 5, peers: 'A B C D E' },
    ],
  },
  {
    name: 'a peer silent for one and a half intervals is gone',
    steps: [
      { who: 'A', left: 0 },
      { at: 600, who: 'B', left: 5, peers: 'A' },
      { at: LIFETIME, who: 'B', left: 5, counts: [1, 1, 0], peers: 'A' },
      { at: LIFETIME + AGE_STEPS, who: 'B', left: 5, counts: [0, 1, 0], peers: '' },
      { at: LIFETIME + AGE_STEPS, who: 'A', left: 0, counts: [1, 1, 0], peers: 'B' },
    ],
  },
  {
    name: 'port 0 is refused, and nothing is kept',
    steps: [
      { who: 'A', left: 5, port: 0, failure: /port/ },
      { who: 'B', left: 5, counts: [0, 1, 0], peers: '' },
    ],
  },
  {
    name: 'a client with both families is one client with two endpoints',
    steps: [
      { who: 'A', left: 5, key: 0x1234abcd, event: 'started', counts: [0, 1, 0] },
      {
        who: 'A',
        left: 5,
        key: 0x1234abcd,
        event: 'started',
        otherFamily: true,
        counts: [0, 1, 0],
        peers: '',
      },
      { who: 'A', left: 5, key: 0x1234abcd, counts: [0, 1, 0], peers: '' },
      { who: 'A', left: 0, key: 0x1234abcd, event: 'completed', counts: [1, 0, 1] },
      { who: 'A', left: 0, key: 0x1234abcd, event: 'completed', otherFamily: true, counts: [1, 0, 1] },
      { who: 'A', left: 0, event: 'stopped', counts: [1, 0, 1] },
      { who: 'A', left: 0, otherFamily: true, event: 'stopped', counts: [0, 0, 1] },
    ],
  },
  {
    name: 'a client with both families and no key is one client',
    steps: [
      { who: 'A', left: 5 },
      { who: 'A', left: 5, otherFamily: true, counts: [0, 1, 0] },
      { who: 'B', left: 5, counts: [0, 2, 0] },
    ],
  },
  {
    name: 'the same peer id with another key in the other family is another client',
    steps: [
      { who: 'A', left: 5, key: 0xa1 },
      { who: 'A', left: 5, key: 0xb2, otherFamily: true, counts: [0, 2, 0] },
      { who: 'A', left: 5, key: 0xb2, counts: [0, 1, 0] },
      { who: 'A', left: 5, key: 0xc3, counts: [0, 2, 0] },
    ],
  },
  {
    name: 'a changed key replaces the old one, in the same family',
    steps: [
      { who: 'A', left: 5, key: 1 },
      { who: 'A', left: 5, key: 2, counts: [0, 1, 0] },
      { who: 'A', left: 5, key: 2, port: 3333, counts: [0, 1, 0] },
    ],
  },
];
