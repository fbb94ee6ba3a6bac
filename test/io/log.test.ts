import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { createLogger, type LoggerOptions } from '../../src/io/log.ts';

function logged(options: LoggerOptions, write: (log: ReturnType<typeof createLogger>) => void): string {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  write(createLogger({ pretty: false, ...options, stream }));
  return text;
}

it('writes one JSON object a line', () => {
  const line = logged({}, (log) => log.info('zone loaded', { zone: 'tracker.example', records: 12 }));
  expect(line.endsWith('}\n')).toBe(true);
  const { time, ...rest } = JSON.parse(line);
  expect(rest).toEqual({ level: 'info', msg: 'zone loaded', zone: 'tracker.example', records: 12 });
  expect(time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

it('writes errors by code and message, and with their stack only at level debug', () => {
  const error = Object.assign(new Error('no'), { code: 'port-taken' });
  const write = (log: ReturnType<typeof createLogger>): void => log.error('it failed', { error });
  expect(JSON.parse(logged({}, write))).toMatchObject({ error: 'no', code: 'port-taken' });
  expect(JSON.parse(logged({}, write))).not.toHaveProperty('stack');
  expect(JSON.parse(logged({ level: 'debug' }, write))).toHaveProperty('stack');
});

it.each([
  ['debug', ['a', 'b', 'c', 'd']],
  ['info', ['b', 'c', 'd']],
  ['warn', ['c', 'd']],
  ['error', ['d']],
  ['silent', []],
] as const)('at level %s writes %j', (level, expected) => {
  const text = logged({ level }, (log) => {
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
  });
  const messages = text.split('\n').filter((line) => line !== '');
  expect(messages.map((line) => JSON.parse(line).msg)).toEqual(expected);
});

it('writes lines for people on a terminal, without colour unless it is asked for', () => {
  const line = logged({ pretty: true }, (log) => log.warn('drain begins', { port: 1337 }));
  expect(line).toMatch(/^\[\d\d:\d\d:\d\d\] WARN: drain begins \{"port":1337\}\n$/);
});
