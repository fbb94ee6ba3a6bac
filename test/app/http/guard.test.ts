import { describe, expect, it, onTestFinished } from 'vitest';
import { createGuard, isOwnHost } from '../../../src/app/http/guard.ts';
import { type HttpServer, openHttpServer } from '../../../src/app/http/http-server.ts';
import { recordLog } from '../rewrite-service/service.ts';

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly [header: string]: string | undefined;
}

/** `allowed`, or the code of the problem. */
async function ask({ method = 'GET', path = '/', ...headers }: Asked, origins: readonly string[] = []) {
  const guard = createGuard({ hosts: ['name.example'], origins });
  const request = { method, url: path, headers: { host: '127.0.0.1:8053', ...headers } };
  try {
    await guard(request as never, { headers: () => undefined } as never);
    return 'allowed';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const FOREIGN = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
const VISIT = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

describe('the guard', () => {
  it.each<[string, Asked, string]>([
    ['a program', {}, 'allowed'],
    ['a program that posts', { method: 'POST', path: '/v1/rewrite' }, 'allowed'],
    ['somebody who typed the address', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, 'allowed'],
    ['its own page', { 'sec-fetch-site': 'same-origin', origin: 'http://127.0.0.1:8053' }, 'allowed'],
    ['its own form', { 'sec-fetch-site': 'same-origin', origin: 'null', method: 'POST' }, 'allowed'],
    ['its own page in an old browser', { origin: 'http://127.0.0.1:8053' }, 'allowed'],
    ['a link elsewhere', VISIT, 'allowed'],
    ['a link elsewhere to the API', { ...VISIT, path: '/v1/rewrite?url=udp://a.b:1' }, 'cross-site'],
    ['a form elsewhere', { ...VISIT, ...FOREIGN, method: 'POST', path: '/rewrite' }, 'cross-site'],
    ['a frame elsewhere', { ...VISIT, 'sec-fetch-dest': 'iframe' }, 'cross-site'],
    ['an image elsewhere', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 'cross-site'],
    ['a script elsewhere', { ...FOREIGN, path: '/v1/rewrite' }, 'cross-site'],
    ['a script on another port of this machine', { 'sec-fetch-site': 'same-site' }, 'cross-site'],
    ['a script elsewhere in an old browser', { origin: 'https://evil.example' }, 'cross-site'],
    ['a sandbox in an old browser', { origin: 'null', method: 'POST' }, 'cross-site'],
    ['an origin that only begins like ours', { origin: 'http://127.0.0.1:8053.evil.example' }, 'cross-site'],
    ['a name that a stranger’s DNS makes lead here', { host: 'evil.example:8053' }, 'wrong-host'],
    ['such a name, of its own page', { host: 'evil.example', 'sec-fetch-site': 'same-origin' }, 'wrong-host'],
    ['a name that was told', { host: 'NAME.example.:80' }, 'allowed'],
    ['nobody', { host: undefined }, 'wrong-host'],
  ])('answers %s', async (_, asked, expected) => {
    expect(await ask(asked)).toBe(expected);
  });

  it.each([
    ['https://tool.example', ['https://tool.example'], 'allowed'],
    ['https://tool.example', ['*'], 'allowed'],
    ['https://tool.example.evil.example', ['https://tool.example'], 'cross-site'],
    ['http://tool.example', ['https://tool.example'], 'cross-site'],
    ['null', ['https://tool.example'], 'cross-site'],
  ])('lets pages of %s ask where %j may: %s', async (origin, origins, expected) => {
    const asked = { origin, 'sec-fetch-site': 'cross-site', method: 'POST', path: '/v1/rewrite' };
    expect(await ask(asked, origins)).toBe(expected);
  });
});

describe('isOwnHost', () => {
  it.each([
    ['127.0.0.1:8053', true],
    ['[::1]:8053', true],
    ['LOCALHOST', true],
    ['192.0.2.7', true],
    ['tracker.example', false],
    ['127.0.0.1.evil.example', false],
    ['[evil.example]', false],
    ['', false],
    [undefined, false],
  ])('%j: %s', (host, expected) => {
    expect(isOwnHost(host)).toBe(expected);
  });
});

describe('a server over HTTP', () => {
  async function open(
    addRoutes: Parameters<typeof openHttpServer>[1],
  ): Promise<{ server: HttpServer; log: unknown[] }> {
    const { lines, logger } = recordLog();
    const listen = { address: '127.0.0.1', port: 0 };
    const server = await openHttpServer({ listen, logger, hosts: [], origins: [] }, addRoutes);
    onTestFinished(() => server.close());
    return { server, log: lines };
  }

  it('tells its log of a fault of ours, and the client nothing', async () => {
    const { server, log } = await open((fastify) => {
      fastify.get('/', () => {
        throw new Error('the secret reason');
      });
    });
    const response = await fetch(`http://127.0.0.1:${server.address.port}/`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(log).toMatchObject([{ fields: { error: { message: 'the secret reason' } } }]);
  });

  it('says who has its port', async () => {
    const { server } = await open(() => undefined);
    const { logger } = recordLog();
    const again = openHttpServer({ listen: server.address, logger, hosts: [], origins: [] }, () => undefined);
    await expect(again).rejects.toMatchObject({ name: 'BindError', code: 'address-in-use' });
  });
});
