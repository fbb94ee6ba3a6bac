// Counts in the code itself: a module of the pure part is given a counter a branch while it is loaded, so that after each
// input it is known which branches it took, and about how often. Looking costs some microseconds; V8's own block coverage
// costs milliseconds a look, and keeps code from being optimised.

import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseAst } from 'vitest/node';
import { projectRoot } from '../support/source-tree.ts';

/** Far above the branches of the pure part. */
const MAX_COUNTERS = 1 << 16;

/** What the counters are called in instrumented code. */
export const COUNTERS_NAME = '__branchesTaken';

const counters = new Uint8Array(MAX_COUNTERS);
let used = 0;

/** One octet a branch, counted modulo 256 since somebody put it to 0. */
export function branchCounters(): Uint8Array {
  return counters.subarray(0, (used + 3) & ~3);
}

/** From now on modules of the pure part are instrumented: those that were loaded before are not. */
export function instrumentCore(): void {
  Reflect.set(globalThis, COUNTERS_NAME, counters);
  const watched = pathToFileURL(`${projectRoot}/src/core/`).href;
  registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith(watched) || !url.endsWith('.ts')) return nextLoad(url, context);
      const source = instrument(stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8')));
      return { format: 'module', shortCircuit: true, source };
    },
  });
}

/** A node of the syntax tree (ESTree): what is in it depends on its type. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

interface Insertion {
  readonly at: number;
  readonly text: string;
}

/** The same program, that counts. */
export function instrument(text: string): string {
  // Nodes are met from the outside in: at one place, the inner of two ends comes first, and the outer of two beginnings.
  const beginnings: Insertion[] = [];
  const ends: Insertion[] = [];
  const count = (): string => {
    if (used === MAX_COUNTERS) throw new Error(`more than ${MAX_COUNTERS} branches`);
    return `${COUNTERS_NAME}[${used++}]++`;
  };
  const insert = (at: number, added: string): void => void beginnings.push({ at, text: added });
  const end = (at: number, added: string): void => void ends.unshift({ at, text: added });
  const expression = (node: Node): void => {
    insert(node.start, `(${count()},`);
    end(node.end, ')');
  };
  const statement = (node: Node): void => {
    if (node.type === 'BlockStatement') insert(node.start + 1, `${count()};`);
    else {
      insert(node.start, `{${count()};`);
      end(node.end, '}');
    }
  };

  walk(parseAst(text) as unknown as Node, (node) => {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
        if (node['body'] !== null) statement(node['body'] as Node);
        break;
      case 'ArrowFunctionExpression': {
        const body = node['body'] as Node;
        if (body.type === 'BlockStatement') statement(body);
        else expression(body);
        break;
      }
      case 'IfStatement':
        if (node['alternate'] !== null) statement(node['alternate'] as Node);
        else end(node.end, ` else {${count()};}`);
        statement(node['consequent'] as Node);
        break;
      case 'ForStatement':
      case 'ForOfStatement':
      case 'ForInStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
        statement(node['body'] as Node);
        break;
      case 'SwitchCase': {
        const [first] = node['consequent'] as Node[];
        if (first !== undefined) insert(first.start, `${count()};`);
        break;
      }
      case 'ConditionalExpression':
        expression(node['consequent'] as Node);
        expression(node['alternate'] as Node);
        break;
      case 'LogicalExpression':
        expression(node['right'] as Node);
        break;
    }
  });
  const insertions = [...ends, ...beginnings].sort((left, right) => left.at - right.at);
  let result = '';
  let from = 0;
  for (const { at, text: added } of insertions) {
    result += text.slice(from, at) + added;
    from = at;
  }
  return result + text.slice(from);
}

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walk(child, visit);
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
