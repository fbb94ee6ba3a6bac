// Extended regular expressions of POSIX (IEEE Std 1003.1, "Base Definitions" §9.4), as far as NAPTR records need them:
// whether a text is one. What the standard leaves undefined is none, for each program makes something else of it.

/** IEEE 1003.1, RE_DUP_MAX: the least that every program must take. */
const MAX_REPETITIONS = 255;

/** IEEE 1003.1 §9.3.5. */
const CLASSES = 'alpha|digit|alnum|upper|lower|space|blank|punct|print|graph|cntrl|xdigit';

/** §9.3.5: a bracket in which the first `]` is a character. */
const BRACKET = new RegExp(
  `\\[(?:\\^|(?!\\^))(?:\\]|(?!\\]))(?:[^\\[\\]]|\\[:(?:${CLASSES}):\\]|\\[\\.[^\\]]+?\\.\\]|\\[=[^\\]]=\\]|\\[(?![.:=]))*\\]`,
  'y',
);
const REPETITION = /[*+?]|\{(\d+)(?:(,)(\d*))?\}/y;

/** How many groups it has; undefined when `pattern` is no expression. */
export function countGroups(pattern: string): number | undefined {
  let groups = 0;
  let depth = 0;
  /** What stands before: only an atom may be repeated. */
  let before: 'atom' | 'repeated' | 'anchor' | 'nothing' = 'nothing';
  let index = 0;
  while (index < pattern.length) {
    const character = pattern[index]!;
    const repetition = matchAt(REPETITION, pattern, index);
    if (repetition !== undefined) {
      if (before !== 'atom' || !isAscending(repetition)) return undefined;
      before = 'repeated';
      index += repetition[0].length;
      continue;
    }
    if (character === '[') {
      const bracket = matchAt(BRACKET, pattern, index);
      if (bracket === undefined || hasWrongRange(bracket[0])) return undefined;
      index += bracket[0].length;
      before = 'atom';
      continue;
    }
    index++;
    switch (character) {
      case '(':
        groups++;
        depth++;
        before = 'nothing';
        break;
      case ')':
        // One too many is a character like others.
        if (before === 'nothing' && pattern[index - 2] === '|') return undefined;
        depth = Math.max(0, depth - 1);
        before = 'atom';
        break;
      case '^':
      case '$':
        before = 'anchor';
        break;
      case '|':
        if (before === 'nothing') return undefined;
        before = 'nothing';
        break;
      case '{':
        // Without a number behind it a character like others.
        if (/[0-9]/.test(pattern[index] ?? '') || before === 'nothing') return undefined;
        before = 'atom';
        break;
      case '\\': {
        const escaped = pattern[index++];
        if (escaped === undefined || (/[1-9]/.test(escaped) && Number(escaped) > groups)) return undefined;
        before = 'atom';
        break;
      }
      default:
        before = 'atom';
    }
  }
  return depth === 0 && before !== 'nothing' ? groups : undefined;
}

function matchAt(expression: RegExp, text: string, at: number): RegExpExecArray | undefined {
  expression.lastIndex = at;
  return expression.exec(text) ?? undefined;
}

function isAscending([, low, comma, high]: RegExpExecArray): boolean {
  if (low === undefined) return true;
  const most = comma === undefined || high === '' ? Number(low) : Number(high);
  return Number(low) <= most && most <= MAX_REPETITIONS;
}

/** `[z-a]`, and `[a-b-c]`; a hyphen at either end is a character. */
function hasWrongRange(bracket: string): boolean {
  const inside = bracket.slice(bracket[1] === '^' ? 2 : 1, -1).replace(/\[([.:=]).*?\1\]/g, '');
  for (let index = 0; index + 2 < inside.length; index++) {
    if (inside[index + 1] !== '-') continue;
    const isLast = index + 4 >= inside.length;
    if (inside[index]! > inside[index + 2]! || (inside[index + 3] === '-' && !isLast)) return true;
    index += 2;
  }
  return false;
}
