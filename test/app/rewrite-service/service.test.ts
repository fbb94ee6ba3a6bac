import { once } from 'node:events';
import { request } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type AdmitBody, createBodyBudget } from '../../../src/app/rewrite-service/held-octets.ts';
import { MAX_HELD_OCTETS, MAX_TEXT_OCTETS } from '../../../src/app/rewrite-service/limits.ts';
import { createHostileDns } from '../../support/hostile-dns.ts';
import { connectTcp } from '../../support/tcp-client.ts';
import { startService } from './service.ts';

/** The status, asked under this name: `fetch` writes the header itself. */
function askAs(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/v1/preference/127.0.0.1', headers: { host } });
    asked.on('response', (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    asked.on('error', reject).end();
  });
}

describe('the address of its own', () => {
  it.each([
    ['on loopback, by address', {}, '127.0.0.1', 200],
    ['on loopback, as localhost', {}, 'localhost:80', 200],
    ['on loopback, by any name', {}, 'evil.example', 421],
    ['on loopback, by a name that it was told', { hosts: ['rewrite.example'] }, 'rewrite.example', 200],
    ['elsewhere, by any name', { listen: '0.0.0.0:0' }, 'rewrite.example', 200],
    [
      'elsewhere, by another name than it was told',
      { listen: '0.0.0.0:0', hosts: ['a.b'] },
      'evil.example',
      421,
    ],
    ['elsewhere, by the name that it was told', { listen: '0.0.0.0:0', hosts: ['a.b'] }, 'a.b', 200],
  ])('is asked %s', async (_, settings, host, status) => {
    const { address } = await startService({ settings });
    expect(await askAs(host, address.port)).toBe(status);
  });

  it('says with every answer what a browser may do with it', async () => {
    const { ask } = await startService();
    for (const path of ['/', '/rewrite/page.css', '/v1/openapi.json', '/v1/rewrite', '/nothing']) {
      const { headers } = await ask(path);
      expect(Object.fromEntries(headers)).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('a client that leaves', () => {
  it.each(['/v1/preference/slow.test', '/v1/rewrite?url=http://slow.test/announce'])(
    'during the look-up of %s is no error',
    async (path) => {
      const dns = await createHostileDns();
      onTestFinished(() => dns.close());
      const heard = Promise.withResolvers<void>();
      dns.on('slow.test', () => heard.resolve());
      const { ask, log } = await startService({ settings: { resolvers: [dns.server] } });
      const leave = new AbortController();
      const asked = ask(path, { signal: leave.signal });
      await heard.promise;
      leave.abort();
      await expect(asked).rejects.toThrow('aborted');
      for (let turn = 0; turn < 3; turn++) await ask('/v1/preference/127.0.0.1');
      expect(log).toEqual([]);
    },
  );
});

describe('CORS', () => {
  const tool = 'https://tool.example';
  const preflight = { method: 'OPTIONS', headers: { origin: tool, 'access-control-request-method': 'POST' } };

  it('is for nobody by default', async () => {
    const { ask } = await startService();
    expect((await ask('/v1/rewrite', preflight)).status).toBe(403);
    expect((await ask('/v1/rewrite?url=udp://127.0.0.1:1', { headers: { origin: tool } })).status).toBe(403);
  });

  it('is for the origins of the configuration', async () => {
    const { ask } = await startService({ settings: { origins: [tool] } });
    const allowed = await ask('/v1/rewrite', preflight);
    expect(allowed.status).toBe(204);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': tool,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'content-type, accept',
      allow: 'GET, HEAD, OPTIONS, POST',
    });
    const told = await ask('/v1/rewrite', { method: 'OPTIONS' });
    expect({ status: told.status, allow: told.headers.get('allow') }).toEqual({
      status: 204,
      allow: 'GET, HEAD, OPTIONS, POST',
    });
    const answer = await ask('/v1/rewrite?url=udp://127.0.0.1:1', { headers: { origin: tool } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe(tool);
    expect(answer.headers.get('vary')).toContain('Origin');
    const stranger = { headers: { origin: 'https://evil.example' } };
    expect((await ask('/v1/rewrite?url=udp://127.0.0.1:1', stranger)).status).toBe(403);
  });
});

describe('the budget of bodies', () => {
  function arrive(admit: AdmitBody, length: string | undefined) {
    let close = (): void => undefined;
    const reply = {
      header: () => undefined,
      raw: { once: (_: string, listener: () => void) => (close = listener) },
    };
    const headers = length === undefined ? {} : { 'content-length': length };
    return { admitted: admit({ headers } as never, reply as never), close: () => close() };
  }

  it('is shared by all connections, and given back when one ends', async () => {
    const admit = createBodyBudget(100).bodies(60);
    const first = arrive(admit, '50');
    await first.admitted;
    await expect(arrive(admit, undefined).admitted).rejects.toMatchObject({ code: 'busy' });
    await expect(arrive(admit, '1e99').admitted).rejects.toMatchObject({ code: 'busy' });
    await arrive(admit, '50').admitted;
    await expect(arrive(admit, '1').admitted).rejects.toMatchObject({ code: 'busy' });
    first.close();
    await arrive(admit, '40').admitted;
  });

  it('counts forms of the page, too', async () => {
    const { address, ask, post } = await startService();
    const octets = 3 * MAX_TEXT_OCTETS;
    const clients = await Promise.all(
      Array.from({ length: Math.floor(MAX_HELD_OCTETS / octets) }, () => connectTcp(address)),
    );
    for (const client of clients) {
      client.send(
        'POST /rewrite HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n' +
          `content-length: ${octets}\r\nexpect: 100-continue\r\n\r\n`,
      );
      await once(client.socket, 'data'); // it has been counted
    }
    const form = await post('x='.repeat(octets / 2), 'application/x-www-form-urlencoded', {
      path: '/rewrite',
    });
    expect(form.status).toBe(503);
    expect(form.headers.get('retry-after')).toBe('1');
    expect((await post('x'.repeat(octets), 'text/plain')).status).toBe(503);
    expect((await ask('/v1/preference/127.0.0.1')).status).toBe(200);
    for (const client of clients) client.socket.destroy();
  });
});
