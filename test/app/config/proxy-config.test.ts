import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/app/config/config.ts';
import { parsePrefix } from '../../../src/core/net/prefix.ts';

function read(lines: string) {
  const file = { path: 'portolan.toml', text: `[tracker]\n${lines}\n`, folder: '/etc/portolan' };
  return readConfig({ file, flags: {}, workingDirectory: '/srv' });
}

function ruleOf(lines: string) {
  const result = read(lines);
  if (result.kind === 'wrong') throw new Error(result.problems.join('\n'));
  return result.config.tracker.proxies;
}

describe('proxies in front of the tracker', () => {
  it.each([
    ['none', '', undefined],
    [
      'by the PROXY protocol',
      'proxies = ["10.0.0.0/8", "2001:db8::/48"]\nproxy_protocol = "on"',
      {
        networks: ['10.0.0.0/8', '2001:db8::/48'].map(parsePrefix),
        sendsProxyHeader: true,
        field: undefined,
      },
    ],
    [
      'by a field, in any case',
      'proxies = "192.0.2.1"\nproxy_header = "X-Real-IP"',
      { networks: [parsePrefix('192.0.2.1')], sendsProxyHeader: false, field: 'x-real-ip' },
    ],
    [
      'by both',
      'proxies = "::1"\nproxy_protocol = "on"\nproxy_header = "X-Forwarded-For"',
      { networks: [parsePrefix('::1')], sendsProxyHeader: true, field: 'x-forwarded-for' },
    ],
  ])('%s', (_name, lines, rule) => {
    expect(ruleOf(lines)).toEqual(rule);
  });

  it.each([
    [
      'proxies = ["10.0.0.1/8"]\nproxy_protocol = "on"',
      /tracker\.proxies\[0\]: "10\.0\.0\.1\/8" is not an address or a network with its length/,
    ],
    [
      'proxies = ["10.0.0.0/8"]',
      /tracker\.proxies: expected tracker\.proxy_protocol = "on" or tracker\.proxy_header too/,
    ],
    ['proxy_protocol = "on"', /tracker\.proxies: expected the addresses of the proxies/],
    ['proxy_header = "X-Forwarded-For"', /tracker\.proxies: expected the addresses of the proxies/],
    ['proxies = ["0.0.0.0/0"]\nproxy_protocol = "on"', /tracker\.proxies: a length of 0 is everybody/],
    ['proxies = ["::/0"]\nproxy_protocol = "on"', /tracker\.proxies: a length of 0 is everybody/],
    ['proxies = ["::1"]\nproxy_protocol = true', /tracker\.proxy_protocol: expected "on" or "off"/],
    [
      'proxies = ["::1"]\nproxy_header = "X Forwarded"',
      /tracker\.proxy_header: "X Forwarded" is not the name/,
    ],
    ['proxies = ["::1"]\nproxy_header = "X-Real-IP:"', /tracker\.proxy_header: "X-Real-IP:" is not the name/],
    ['proxies = ["::1"]\nproxy_header = "Forwarded"', /tracker\.proxy_header: "Forwarded" is not the name/],
    [
      `proxies = [${Array.from({ length: 257 }, (_, index) => `"10.0.${index >> 8}.${index & 255}"`).join(', ')}]\nproxy_protocol = "on"`,
      /tracker\.proxies: expected at most 256 networks/,
    ],
  ])('%j is wrong', (lines, sentence) => {
    const result = read(lines);
    expect(result.kind === 'wrong' ? result.problems : []).toEqual([expect.stringMatching(sentence)]);
  });

  it('are printed as they are read', () => {
    const result = read('proxies = ["10.0.0.0/8"]\nproxy_header = "X-Real-IP"');
    expect(result).toMatchObject({
      sample: expect.stringMatching(
        /proxies = \["10\.0\.0\.0\/8"\][\s\S]*proxy_protocol = "off"[\s\S]*proxy_header = "X-Real-IP"/,
      ),
    });
  });
});
