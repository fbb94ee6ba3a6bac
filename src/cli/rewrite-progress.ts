// How far `portolan rewrite` is, on the terminal: a bar with rate and estimate, once the work turns out to be long.

import { Writable } from 'node:stream';
import { Presets, SingleBar } from 'cli-progress';
import type { CliIo } from './cli-io.ts';

/** Shorter work is done before anybody wonders. */
const LONG_MILLISECONDS = 1000;
/** Inputs that the estimate goes by, so that look-ups at the start do not colour it to the end. */
const ESTIMATE_INPUTS = 1000;
/** A terminal need not be written to more often. */
const FRAMES_A_SECOND = 5;

/** ECMA-48: back to the first column, and the line erased. */
const START_OF_LINE = '\r\u001b[K';

export interface Progress {
  /** One more input is done. */
  advance(): void;
  /** Streams that make room for what is written while the bar is in view. */
  readonly io: CliIo;
  /** Takes the bar away. */
  stop(): void;
}

/** `total` is only asked for where stderr is a terminal; the bar comes into view after {@link LONG_MILLISECONDS}. */
export async function createProgress(
  io: CliIo,
  total: () => Promise<number>,
  nowMilliseconds: () => number,
): Promise<Progress> {
  if (io.stderr.isTTY !== true || io.env['TERM'] === 'dumb') return { io, advance() {}, stop() {} };
  const startedAt = nowMilliseconds();
  const count = await total();
  const bar = new SingleBar(
    {
      stream: io.stderr as NodeJS.WriteStream,
      format: '{bar} {percentage} % | {value} of {total} | {rate} a second | {eta_formatted} left',
      barsize: 20,
      clearOnComplete: true,
      hideCursor: null,
      linewrap: null,
      forceRedraw: true, // what is printed beside it has erased it
      fps: FRAMES_A_SECOND,
      etaBuffer: ESTIMATE_INPUTS,
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  let done = 0;
  const beside = (stream: CliIo['stdout']): CliIo['stdout'] => {
    const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
      if (bar.isActive) io.stderr.write(START_OF_LINE);
      stream.write(chunk);
      if (bar.isActive) bar.render();
      done();
    };
    return Object.assign(new Writable({ write }), { isTTY: stream.isTTY === true });
  };
  const rate = (): string =>
    Math.round((done * 1000) / Math.max(1, nowMilliseconds() - startedAt)).toLocaleString('en');
  return {
    io: { ...io, stdout: beside(io.stdout), stderr: beside(io.stderr) },
    advance() {
      done++;
      if (bar.isActive) bar.update(done, { rate: rate() });
      else if (nowMilliseconds() - startedAt >= LONG_MILLISECONDS && done < count)
        bar.start(count, done, { rate: rate() });
    },
    stop: () => bar.stop(),
  };
}
