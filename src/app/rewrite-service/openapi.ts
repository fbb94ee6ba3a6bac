// The description of the service in OpenAPI 3.1, made of the schemas that check its requests. OpenAPI 3.1 speaks the JSON
// Schema of 2020-12, which zod writes.

import { z } from 'zod';
import { readPackageVersion } from '../../io/package-version.ts';
import { PROBLEM_TYPE, PROBLEMS, type ProblemCode } from '../http/problem.ts';
import { MAX_HOSTS, MAX_LINE_OCTETS } from './limits.ts';
import { JSON_TYPE, TORRENT_TYPE } from './request-content.ts';
import { components, hostSchema, rewriteOptionsSchema, rewriteUrlSchema } from './schemas.ts';
import { STREAM_TYPE } from './stream-route.ts';
import './stream-schemas.ts'; // its components are in the document, too

type Json = Readonly<Record<string, unknown>>;

const JSON_MEDIA = JSON_TYPE.split(';')[0]!;
const OCTETS: Json = {};
const TEXT: Json = { schema: { type: 'string' } };

/** Answers any request with the same; `maxTorrentOctets` is a limit that a reader must know. */
export function createOpenApiDocument(maxTorrentOctets: number): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Portolan',
      version: readPackageVersion(),
      license: { name: 'MIT', identifier: 'MIT' },
      summary: 'Puts tracker URLs right by what their hosts declare in DNS (BEP 34)',
      description:
        'Preferences of hosts, and rewriting of tracker URLs, magnet links, torrents and lists. The info-hash of a ' +
        `torrent stays what it was. A torrent has at most ${maxTorrentOctets} octets. Nothing is stored or logged.`,
    },
    paths: {
      '/v1/preference/{host}': { get: preferenceOperation() },
      '/v1/rewrite': { get: rewriteUrlOperation(), post: rewriteOperation() },
    },
    components: { schemas: componentSchemas() },
  };
}

function preferenceOperation(): Json {
  return {
    operationId: 'lookupPreference',
    summary: 'Which ports a tracker has',
    parameters: parametersOf(hostSchema, 'path'),
    responses: {
      200: {
        description: 'What DNS says of the host',
        content: { [JSON_MEDIA]: { schema: ref('Preference') } },
      },
      ...problems('bad-host', 'rate-limited'),
    },
  };
}

function rewriteUrlOperation(): Json {
  return {
    operationId: 'rewriteUrl',
    summary: 'What a tracker URL or a magnet link becomes',
    parameters: parametersOf(rewriteUrlSchema, 'query'),
    responses: {
      200: {
        description: 'As JSON with the reasons, or as text with one URL a line',
        content: { [JSON_MEDIA]: { schema: ref('Report') }, 'text/plain': TEXT },
      },
      ...problems('bad-parameter', 'not-acceptable', 'too-many-hosts', 'rate-limited'),
    },
  };
}

function rewriteOperation(): Json {
  return {
    operationId: 'rewrite',
    summary: 'What a torrent, a magnet link or a list becomes',
    description:
      'The answer has the media type of the body unless Accept prefers application/json. application/octet-stream, ' +
      'and no media type at all, leave it to the server to tell what the body is. A body of ' +
      `${STREAM_TYPE} is a stream without end: each of its lines (StreamLine, or a bare URL or magnet link, at most ` +
      `${MAX_LINE_OCTETS} octets) is answered by a line (StreamAnswer), in order, while others still come; read while you ` +
      'send. What is wrong with a line is its answer, as a problem such as bad-line or line-too-long. Every ' +
      `further ${MAX_HOSTS} hosts of a stream count as a request for the rate limit.`,
    parameters: parametersOf(rewriteOptionsSchema, 'query'),
    requestBody: {
      required: true,
      content: {
        [TORRENT_TYPE]: OCTETS,
        'application/octet-stream': OCTETS,
        'text/plain': TEXT,
        'text/uri-list': TEXT,
        [JSON_MEDIA]: { schema: ref('Content') },
        [STREAM_TYPE]: { schema: ref('StreamLine') },
      },
    },
    responses: {
      200: {
        description: 'What it became',
        headers: {
          'Portolan-Changed': header('Of octets and text: true or false', 'true'),
          'Portolan-Reasons': header(
            'Of octets and text: how often each reason was given',
            'replaced=2, listed=1',
          ),
        },
        content: {
          [TORRENT_TYPE]: OCTETS,
          'text/plain': TEXT,
          [JSON_MEDIA]: { schema: ref('Report') },
          [STREAM_TYPE]: { schema: ref('StreamAnswer') },
        },
      },
      ...problems(
        'bad-parameter',
        'bad-json',
        'empty-body',
        'not-acceptable',
        'body-too-large',
        'unsupported-media-type',
        'bad-torrent',
        'bad-magnet',
        'too-many-urls',
        'too-many-hosts',
        'rate-limited',
        'busy',
      ),
    },
  };
}

function ref(id: string): Json {
  return { $ref: `#/components/schemas/${id}` };
}

function header(description: string, example: string): Json {
  return { description, schema: { type: 'string' }, example };
}

interface ObjectSchema {
  readonly properties: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
}

/** One parameter a member of an object. */
function parametersOf(object: z.ZodType, place: 'path' | 'query'): Json[] {
  const { properties, required = [] } = z.toJSONSchema(object, { io: 'input' }) as unknown as ObjectSchema;
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: required.includes(name),
    description,
    schema,
  }));
}

/** One response a status, with the codes that it stands for. */
function problems(...codes: readonly ProblemCode[]): Record<number, Json> {
  const responses: Record<number, Json> = {};
  for (const status of new Set(codes.map((code) => PROBLEMS[code][0]))) {
    const own = codes.filter((code) => PROBLEMS[code][0] === status);
    responses[status] = {
      description: own.map((code) => `\`${code}\`: ${PROBLEMS[code][1]}`).join(' '),
      content: { [PROBLEM_TYPE]: { schema: ref('Problem') } },
    };
  }
  return responses;
}

/** Without `$id`, by which a reader would resolve the references among them elsewhere. */
function componentSchemas(): Record<string, Json> {
  const { schemas } = z.toJSONSchema(components, { uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $id, $schema, ...schema }]) => [id, schema as Json]),
  );
}
