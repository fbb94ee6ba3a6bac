// The log: the only file that knows pino. Lines for people on a terminal, one JSON object a line otherwise, on stderr.
// By rule no address of a client, info-hash, peer id or passkey is ever passed in: only counts, names of zones and ports.

import type { Writable } from 'node:stream';
import { type DestinationStream, destination, type Logger as PinoLogger, pino } from 'pino';
import { PinoPretty } from 'pino-pretty';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a line carries beside its sentence. `error` is written as its code and message, with its stack at level debug. */
export interface LogFields {
  readonly [name: string]: string | number | boolean | readonly string[] | Error | undefined;
  readonly error?: Error;
}

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  readonly level?: LogLevel;
  /** True: lines for people. Default: whether stderr is a terminal. */
  readonly pretty?: boolean;
  readonly colour?: boolean;
  /** Default: stderr, written at once, so that the last line before an exit is not lost. */
  readonly stream?: Writable;
}

export function createLogger(options: LoggerOptions = {}): Logger {
  const level = options.level ?? 'info';
  const pretty = options.pretty ?? process.stderr.isTTY === true;
  const sink: DestinationStream = options.stream ?? destination({ fd: 2, sync: true });
  const output = pretty
    ? PinoPretty({
        destination: sink,
        sync: true,
        colorize: options.colour ?? false,
        ignore: 'pid,hostname',
        translateTime: 'SYS:HH:MM:ss',
        singleLine: true,
      })
    : sink;
  const formatters = { level: (label: string) => ({ level: label }) };
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }, output);
  return {
    debug: (message, fields) => write(log, 'debug', message, fields),
    info: (message, fields) => write(log, 'info', message, fields),
    warn: (message, fields) => write(log, 'warn', message, fields),
    error: (message, fields) => write(log, 'error', message, fields),
  };
}

/** For libraries' callers and tests that want no log. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

function write(
  log: PinoLogger,
  level: Exclude<LogLevel, 'silent'>,
  message: string,
  fields?: LogFields,
): void {
  if (!log.isLevelEnabled(level)) return;
  const { error, ...rest } = fields ?? {};
  log[level](
    error === undefined ? rest : { ...rest, ...errorFields(error, log.isLevelEnabled('debug')) },
    message,
  );
}

function errorFields(error: Error, withStack: boolean): Record<string, unknown> {
  const code: unknown = 'code' in error ? error.code : undefined;
  return { error: error.message, code, ...(withStack && { stack: error.stack }) };
}
