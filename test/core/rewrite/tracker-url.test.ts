import { describe, expect, test } from 'vitest';
import {
  effectivePort,
  parseTrackerUrl,
  replaceEndpoint,
  transportOf,
} from '../../../src/core/rewrite/tracker-url.ts';

/** `transport host port`, or the code of the fault. */
function summary(text: string): string {
  const url = parseTrackerUrl(text);
  if (url.kind === 'fault') return url.code;
  return `${transportOf(url)} ${text.slice(url.hostStart, url.hostEnd)} ${effectivePort(url)}`;
}

describe('transport, host and effective port', () => {
  test.each([
    ['udp://h.example:1337/announce', 'udp h.example 1337'],
    ['udp://h.example/announce', 'udp h.example 0'],
    ['http://h.example', 'tcp h.example 80'],
    ['HTTPS://h.example/announce', 'tcp h.example 443'],
    ['ws://h.example', 'tcp h.example 80'],
    ['wss://h.example', 'tcp h.example 443'],
    ['Http://H.Example.:0080?a', 'tcp H.Example. 80'],
    ['http://h.example:/announce', 'tcp h.example 80'],
    ['http://user:p@ss@h.example:81#f', 'tcp h.example 81'],
    ['http://user:80@[::1]:81/a', 'tcp [::1] 81'],
    ['udp://[2001:db8::1]/', 'udp [2001:db8::1] 0'],
    ['udp://[fe80::1%25eth0]:9', 'udp [fe80::1%25eth0] 9'],
    ['http://bücher.example/ü', 'tcp bücher.example 80'],
    ['http://h_1.example', 'tcp h_1.example 80'],
    ['http://h.example/a@b:c', 'tcp h.example 80'],
  ])('%s is %s', (text, expected) => {
    expect(summary(text)).toBe(expected);
  });
});

describe('faults', () => {
  test.each([
    ['', 'bad-scheme'],
    ['h.example:80', 'bad-scheme'],
    ['udp:h:80', 'bad-scheme'],
    ['http:/h.example', 'bad-scheme'],
    ['dht://h.example', 'bad-scheme'],
    ['ftp://h.example', 'bad-scheme'],
    ['*http://h.example/announce', 'bad-scheme'], // µTorrent's mark for "disabled"
    [' http://h.example', 'bad-scheme'],
    ['http://h.example ', 'bad-character'],
    ['http://h.example/a b', 'bad-character'],
    ['http://h.example/a\nHost: x', 'bad-character'],
    ['http://h.ex\tample/', 'bad-character'],
    ['http://h.example/\x7f', 'bad-character'],
    ['http://h.example\0/', 'bad-character'],
    ['http://', 'empty-host'],
    ['http:///announce', 'empty-host'],
    ['http://:80/', 'empty-host'],
    ['http://user@:80/', 'empty-host'],
    ['http://h.example:0/', 'bad-port'],
    ['http://h.example:65536/', 'bad-port'],
    ['http://h.example:99999999999999999999/', 'bad-port'],
    ['http://h.example:8o/', 'bad-port'],
    ['http://h.example:+80/', 'bad-port'],
    ['http://h.example:80:81/', 'bad-port'],
    ['http://2001:db8::1/', 'bad-port'],
    ['http://[2001:db8::1/', 'bad-host'],
    ['http://[2001:db8::g]/', 'bad-host'],
    ['http://[h.example]/', 'bad-host'],
    ['http://[::1]x:80/', 'bad-host'],
    ['http://h%2eexample/', 'bad-host'],
    ['http://h.example\\@other.example/', 'bad-host'],
    ['http://h*.example/', 'bad-host'],
  ])('%j is %s', (text, expected) => {
    expect(summary(text)).toBe(expected);
  });
});

test('replaces scheme and port, and keeps every other character', () => {
  const url = parseTrackerUrl('HTTP://U:p@H.Example./ann?q=%2f&q#F');
  if (url.kind === 'fault') throw new Error(url.code);
  expect(replaceEndpoint(url, 'udp', 1337)).toBe('udp://U:p@H.Example.:1337/ann?q=%2f&q#F');
});
