// What was rewritten, as JSON and as the page have it.

import { createHash } from 'node:crypto';
import { decodePercent } from '../../core/octets/percent.ts';
import { printable, printableOctets } from '../../core/octets/printable.ts';
import { decodeUtf8 } from '../../core/octets/utf8.ts';
import type { Outcome } from '../../core/preference/outcome.ts';
import type { Decision } from '../../core/rewrite/decide.ts';
import { redactHost, redactUrl } from '../../core/rewrite/redact.ts';
import { splitMagnet } from '../../core/torrent/magnet.ts';
import { readMetainfo } from '../../core/torrent/metainfo.ts';
import type * as web from '../../web/report.ts';
import type { Content, RewrittenContent } from '../rewrite/rewrite-content.ts';
import { explain } from './explain.ts';

/** A name is for people: what is longer was made to fill the page. */
const MAX_NAME_CHARACTERS = 255;

/** As long as browsers and trackers take a URL to be; of longer ones nothing is shown. */
const MAX_SHOWN_CHARACTERS = 2048;

export function reportContent(content: Content, rewritten: RewrittenContent): web.Report {
  const { kind, changed, octets, octetText, keptLastTracker, decisions, announce, tiers } = rewritten;
  const show = (url: string): string => {
    if (url.length > MAX_SHOWN_CHARACTERS) return '…';
    return printable(redactUrl(octetText ? (decodeUtf8(url) ?? url) : url));
  };
  const showTiers = (urls: readonly (readonly string[])[]) => urls.map((tier) => tier.map(show));
  return {
    kind,
    changed,
    result: formatResult(rewritten, octets),
    ...identify(content),
    keptLastTracker,
    decisions: decisions.map((decision) => reportDecision(decision, show)),
    ...(announce === undefined
      ? {}
      : {
          announce: {
            before: announce.before && show(announce.before),
            after: announce.after && show(announce.after),
          },
        }),
    tiers: { before: showTiers(tiers.before), after: showTiers(tiers.after) },
  };
}

function formatResult({ kind }: RewrittenContent, octets: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = octets;
  const text = Buffer.from(buffer, byteOffset, byteLength);
  return kind === 'torrent' ? text.toString('base64') : text.toString('utf8');
}

/** Of a torrent its name and info-hashes (BEP 3, BEP 52), of a magnet link what `dn` says (BEP 9). */
function identify(content: Content): Pick<web.Report, 'name' | 'infoHashes'> {
  if (content.kind === 'magnet') {
    const name = splitMagnet(content.text)?.parameters.find((parameter) => parameter.name === 'dn');
    const octetText = name === undefined ? undefined : decodePercent(name.value.replaceAll('+', ' '));
    return octetText ? { name: showName(printableOctets(octetText)) } : {};
  }
  if (content.kind !== 'torrent') return {};
  const metainfo = readMetainfo(content.octets);
  if (metainfo.kind !== 'metainfo') return {};
  const { info, version, name } = metainfo;
  const dictionary = content.octets.subarray(info.start, info.end);
  const hash = (algorithm: string): string => createHash(algorithm).update(dictionary).digest('hex');
  return {
    ...(name === '' ? {} : { name: showName(printable(name)) }),
    infoHashes: {
      ...(version === 'v2' ? {} : { v1: hash('sha1') }),
      ...(version === 'v1' ? {} : { v2: hash('sha256') }),
    },
  };
}

function showName(name: string): string {
  return name.length > MAX_NAME_CHARACTERS ? `${name.slice(0, MAX_NAME_CHARACTERS)}…` : name;
}

function reportDecision(decision: Decision, show: (url: string) => string): web.Decision {
  const { url, reason, urls, host, outcome, fault } = decision;
  return {
    url: show(url),
    reason,
    explanation: explain(decision),
    urls: urls.map(show),
    ...(host === undefined ? {} : { host: printable(redactHost(host)) }),
    ...(fault === undefined ? {} : { fault }),
    ...(outcome === undefined ? {} : { outcome: reportOutcome(outcome) }),
  };
}

export function reportOutcome(outcome: Outcome): web.Outcome {
  switch (outcome.kind) {
    case 'declared':
      return { ...outcome, endpoints: [...outcome.endpoints], ...showRecord(outcome) };
    case 'denied':
      return { ...outcome, ...showRecord(outcome) };
    case 'conflict':
      return { ...outcome, records: outcome.records.map(printableOctets) };
    case 'silent':
    case 'failed':
      return outcome;
  }
}

function showRecord({ record, ignored }: { readonly record: string; readonly ignored: readonly string[] }) {
  return { record: printableOctets(record), ignored: ignored.map(printableOctets) };
}
