// Chunks of a body to lines, with no more of it in memory than a chunk and an unfinished line.

import { createGatherer } from '../../core/octets/gather.ts';

const NEWLINE = 0x0a;

export interface StreamLine {
  /** From 1 on, blank lines counted. */
  readonly number: number;
  /** Without the blanks around it; undefined for a line that is too long or not UTF-8. */
  readonly text: string | undefined;
  readonly isTooLong: boolean;
}

/** The lines that each chunk completes. The last needs no line end. A line above `maxOctets` is told of and passed over. */
export async function* splitStream(
  chunks: AsyncIterable<Uint8Array>,
  maxOctets: number,
): AsyncGenerator<readonly StreamLine[]> {
  let number = 0;
  const started = createGatherer(maxOctets); // copies: the chunks themselves are let go
  let isPassedOver = false;

  /** The line of what was started and this rest of it. */
  function finish(rest: Uint8Array): StreamLine {
    number++;
    const isStarted = started.length > 0;
    const isTooLong = isStarted ? !started.add(rest) : rest.length > maxOctets;
    const text = isTooLong ? undefined : decodeLine(isStarted ? started.octets() : rest);
    started.clear();
    return { number, text, isTooLong };
  }

  function linesOf(chunk: Uint8Array): StreamLine[] {
    const lines: StreamLine[] = []; // bounded by the octets of a chunk
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const rest = chunk.subarray(start, end);
      start = end + 1;
      if (isPassedOver) isPassedOver = false;
      else lines.push(finish(rest));
    }
    const rest = chunk.subarray(start);
    if (isPassedOver || rest.length === 0) return lines;
    if (!started.add(rest)) {
      lines.push({ number: ++number, text: undefined, isTooLong: true });
      isPassedOver = true;
      started.clear();
    }
    return lines;
  }

  for await (const chunk of chunks) {
    const lines = linesOf(chunk);
    if (lines.length > 0) yield lines;
  }
  if (started.length > 0) yield [finish(NOTHING)];
}

const NOTHING = new Uint8Array(0);

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeLine(octets: Uint8Array): string | undefined {
  try {
    return utf8.decode(octets).trim();
  } catch {
    return undefined;
  }
}
