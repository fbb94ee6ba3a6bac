import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { torrentOf } from '../../core/torrent/torrents.ts';
import { startService } from './service.ts';

type Json = { readonly [key: string]: unknown };

async function readDocument(): Promise<Json & { components: { schemas: Record<string, Json> } }> {
  const { ask } = await startService();
  const response = await ask('/v1/openapi.json');
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  return (await response.json()) as never;
}

/** Every value of the member `$ref`, however deep. */
function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    key === '$ref' ? [String(member)] : refsIn(member),
  );
}

/** A schema of the document, as another reader of JSON Schema has it. */
function schemaOf(
  { components: { schemas } }: Awaited<ReturnType<typeof readDocument>>,
  id: string,
): z.ZodType {
  const text = JSON.stringify({ ...schemas[id], $defs: schemas });
  return z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')));
}

describe('the OpenAPI document', () => {
  it('describes what is there', async () => {
    const document = await readDocument();
    expect(document).toMatchObject({
      openapi: '3.1.0',
      paths: {
        '/v1/preference/{host}': { get: { parameters: [{ name: 'host', in: 'path', required: true }] } },
        '/v1/rewrite': {
          get: {
            parameters: expect.arrayContaining([expect.objectContaining({ name: 'url', required: true })]),
          },
          post: { requestBody: { content: { 'application/x-bittorrent': {} } } },
        },
      },
    });
    const names = Object.keys(document.components.schemas).sort();
    expect(names.join(' ')).toBe(
      'Content Decision Endpoint Outcome Preference Problem Report StreamAnswer StreamLine',
    );
  });

  it('refers to nothing that it does not hold', async () => {
    const document = await readDocument();
    const refs = refsIn(document);
    expect(refs.length).toBeGreaterThan(10);
    const held = Object.keys(document.components.schemas).map((id) => `#/components/schemas/${id}`);
    expect(refs.filter((ref) => !held.includes(ref))).toEqual([]);
  });

  it('has every status that it names described', async () => {
    const { paths } = await readDocument();
    const operations = Object.values(paths as Json).flatMap((path) => Object.values(path as Json)) as Json[];
    const responses = operations.flatMap(({ responses }) => Object.values(responses as Json)) as Json[];
    expect(responses.length).toBeGreaterThan(10);
    expect(responses.filter(({ description }) => !description)).toEqual([]);
  });

  it.each([
    ['Report', '/v1/rewrite?url=http://two.example:1/a'],
    ['Report', '/v1/rewrite?url=udp://many.example:1'],
    ['Preference', '/v1/preference/none.example'],
    ['Problem', '/v1/rewrite'],
  ])('says by %s what %s gives', async (id, path) => {
    const { ask } = await startService();
    const answer: unknown = await (await ask(path)).json();
    const schema = schemaOf(await readDocument(), id);
    expect(schema.safeParse(answer)).toMatchObject({ success: true });
    expect(schema.safeParse({}).success).toBe(false);
  });

  it('says by StreamLine and StreamAnswer what a stream takes and gives', async () => {
    const { post } = await startService();
    const lines = [
      'udp://none.example:1',
      { url: 'http://two.example:1/a' },
      { magnet: 'magnet:?tr=udp://two.example:1' },
    ];
    const bad = { url: 1 };
    const body = [...lines, bad].map((line) => JSON.stringify(line)).join('\n');
    const answers = (await (await post(body, 'application/x-ndjson')).text()).trimEnd().split('\n');
    const document = await readDocument();
    for (const line of lines) expect(schemaOf(document, 'StreamLine').parse(line)).toBeDefined();
    expect(schemaOf(document, 'StreamLine').safeParse(bad).success).toBe(false);
    const kinds = answers.map((answer) => schemaOf(document, 'StreamAnswer').parse(JSON.parse(answer)));
    expect(kinds).toMatchObject([{ kind: 'url' }, { kind: 'url' }, { kind: 'magnet' }, { kind: 'problem' }]);
  });

  it('says by Report what a torrent gives', async () => {
    const { post } = await startService();
    const octets = torrentOf({ announce: 'http://two.example:1/a' });
    const response = await post(octets.slice(), 'application/x-bittorrent', {
      headers: { accept: 'application/json' },
    });
    expect(schemaOf(await readDocument(), 'Report').parse(await response.json())).toBeDefined();
  });
});
