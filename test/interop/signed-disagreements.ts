// Where NSD 4.6 and Knot 3.2 answer differently from signed zones, which of the two Portolan follows, and why.

import type { Question } from './signed-questions.ts';

/** `head` is response code and flags. */
export type Section = 'head' | 'answer' | 'authority' | 'additional';

export interface Disagreement {
  readonly what: string;
  readonly standard: string;
  readonly sections: readonly Section[];
  /** Whose section is ours too; a section that neither has right is for the validators. */
  readonly right: 'NSD' | 'Knot' | 'neither';
  holds(question: Question, chain: 'NSEC' | 'NSEC3'): boolean;
}

const ALIASES =
  /(^|\.)(alias|chain1|tonothing|tonodata|towild|toent|out|loop1|tosigned|tounsigned|todname)$/i;
const WILDCARD_ALIASES = /\.(cwild|ctwice|cnothing|cwildno|cout|cloop|ccut)$/i;

/** The first that holds for a section decides. */
export const DISAGREEMENTS: readonly Disagreement[] = [
  {
    what: 'Knot answers a question for RRSIG with one of them',
    standard: 'RFC 1034 §4.3.2, step 3a: all that match the type',
    sections: ['answer'],
    right: 'NSD',
    holds: ({ type }) => type === 'RRSIG',
  },
  {
    what: 'Knot does not follow an alias for NSEC',
    standard: 'RFC 1034 §3.6.2: unless the type is there',
    sections: ['head', 'answer', 'authority', 'additional'],
    right: 'NSD',
    holds: ({ type, label }, chain) =>
      type === 'NSEC' && chain === 'NSEC3' && (ALIASES.test(label) || WILDCARD_ALIASES.test(label)),
  },
  {
    what: 'NSD does not follow an alias for NSEC3',
    standard: 'RFC 1034 §3.6.2',
    sections: ['head', 'answer', 'authority', 'additional'],
    right: 'Knot',
    holds: ({ type, label }) => type === 'NSEC3' && (ALIASES.test(label) || WILDCARD_ALIASES.test(label)),
  },
  {
    what: 'NSD leaves out addresses that nobody needs when it is told to answer with little',
    standard: 'RFC 1034 §3.7',
    sections: ['additional'],
    right: 'Knot',
    holds: () => true,
  },
  {
    what: 'which RRset stands for ANY is free',
    standard: 'RFC 8482 §4.1',
    sections: ['answer'],
    right: 'Knot',
    holds: ({ type }) => type === 'ANY',
  },
  {
    what: 'NSD proves the name before a DNAME, not the one that a wildcard answered for',
    standard: 'RFC 4035 §3.1.3.3, RFC 5155 §7.2.6',
    sections: ['authority'],
    right: 'Knot',
    holds: ({ label }, chain) => chain === 'NSEC' && /^[^*].*(^|\.)red$|^todname$/i.test(label),
  },
  {
    what: 'NSD proves the name before a DNAME, and Knot none that begins with an asterisk',
    standard: 'RFC 4035 §3.1.3.3',
    sections: ['authority'],
    right: 'neither',
    holds: ({ label }, chain) => chain === 'NSEC' && /^\*\..*\.red$/i.test(label),
  },
  {
    what: 'neither proves the closest encloser where a wildcard stands above a wildcard, and an asterisk was asked for',
    standard: 'RFC 5155 §7.2.5',
    sections: ['authority'],
    right: 'neither',
    holds: ({ label }, chain) => chain === 'NSEC3' && /^\*\.[^*]+\.nest$/i.test(label),
  },
  {
    what: 'Knot leaves out proofs for a name that begins with an asterisk and that another wildcard answers for',
    standard: 'RFC 4592 §4.1: it is a name like any other',
    sections: ['authority'],
    right: 'NSD',
    holds: ({ label }, chain) => /^\*\../.test(label) && !isOwnWildcard(label) && !isNsdWrong(label, chain),
  },
  {
    what: 'Knot does not prove that the asterisk above a name is an empty non-terminal',
    standard: 'RFC 4035 §3.1.3.4',
    sections: ['authority'],
    right: 'NSD',
    holds: ({ label }, chain) => chain === 'NSEC' && /[^*]\.ast$/i.test(label),
  },
  {
    what: 'Knot does not prove that a wildcard was right to answer for NSEC',
    standard: 'RFC 4035 §3.1.3.3',
    sections: ['authority'],
    right: 'NSD',
    holds: ({ type }, chain) => chain === 'NSEC' && type === 'NSEC',
  },
  {
    what: 'NSD takes a wildcard asked for by its name for expanded',
    standard: 'RFC 5155 §7.2.3: the record that matches, and no other',
    sections: ['authority'],
    right: 'Knot',
    holds: ({ label }, chain) => chain === 'NSEC3' && isOwnWildcard(label),
  },
  {
    what: 'NSD does not prove the closest encloser where a wildcard stands above a wildcard',
    standard: 'RFC 5155 §7.2.5',
    sections: ['authority'],
    right: 'Knot',
    holds: ({ label }, chain) => chain === 'NSEC3' && /(^|\.)nest$/i.test(label),
  },
  {
    what: 'NSD takes a name that only unsigned delegations make exist for provable',
    standard: 'RFC 5155 §7.2.1: the closest provable encloser',
    sections: ['authority'],
    right: 'Knot',
    holds: ({ label }) => isNsdWrong(label, 'NSEC3'),
  },
];

/** Wildcards of the zone by their own names. */
function isOwnWildcard(label: string): boolean {
  return /^(\*\.wild|\*\.nest|\*\.\*\.nest|\*\.ast)$/i.test(label);
}

function isNsdWrong(label: string, chain: 'NSEC' | 'NSEC3'): boolean {
  return chain === 'NSEC3' && /(^|\.)optout$/i.test(label);
}
