// The project's documents as data: what is fenced in them, where their links go, what can be linked to.

import { existsSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { projectRoot, readText } from './source-tree.ts';

export interface Block {
  readonly language: string;
  readonly text: string;
}

/** Paths of the pages of docs/, relative to the root. */
export function listPages(): string[] {
  return readdirSync(join(projectRoot, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
}

/** Fenced blocks, those within lists too, without their indentation. */
export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```$/gm)].map(([, indent, language, text]) => ({
    language: language!,
    text: text!.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

/** Targets of links in running text, not of what looks like one in code. */
export function linksOf(markdown: string): string[] {
  const text = withoutBlocks(markdown).replaceAll(/`[^`\n]*`/g, '`');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}

/** Names that a link can end with behind `#`, as GitHub makes them of headings. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const anchors = new Set<string>(); // one a heading
  for (const [, heading] of withoutBlocks(markdown).matchAll(/^#{1,6} (.+)$/gm)) {
    const words = heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    let anchor = words;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${words}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Links of a document at `path` that lead to no file, or to no heading of it. Addresses elsewhere are not asked. */
export function brokenLinksOf(path: string, markdown = readText(path)): string[] {
  return linksOf(markdown).filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [file, anchor] = link.split('#');
    const target = file === '' ? path : posix.join(posix.dirname(path), file!);
    if (!existsSync(join(projectRoot, target))) return true;
    return anchor !== undefined && !anchorsOf(target === path ? markdown : readText(target)).has(anchor);
  });
}

function withoutBlocks(markdown: string): string {
  return markdown.replaceAll(/^( *)```[\s\S]*?^ *```$/gm, '');
}
