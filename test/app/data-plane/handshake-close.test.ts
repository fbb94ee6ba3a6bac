// A port that closes while handshakes are under way: a handshake is part of a request that has begun.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { announceRequest, connectHttps } from '../../support/https-client.ts';
import { openHttpsPlane } from '../../support/https-plane.ts';

const ADDRESS = '127.0.0.1';

/** Shows the first octets of the server to nobody until it is told to. */
function holdingBack(socket: Socket): { stream: Duplex; heard: Promise<unknown>; go(): void } {
  const held: Buffer[] = [];
  let isHeld = true;
  const stream = new Duplex({
    read() {},
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, () => done()),
  });
  const heard = once(socket, 'data');
  socket.on('data', (octets: Buffer) => {
    if (isHeld) held.push(octets);
    else stream.push(octets);
  });
  socket.on('close', () => stream.push(null));
  socket.on('error', () => {});
  return {
    stream,
    heard,
    go() {
      isHeld = false;
      for (const octets of held) stream.push(octets);
    },
  };
}

test.skipIf(process.platform !== 'linux')(
  'a port that closes has handshakes and their requests go on, and closes connections without a request at once',
  async () => {
    const { plane, listener } = await openHttpsPlane();
    const kept = await connectHttps(listener);
    expect(await kept.ask(announceRequest())).toContain('8:interval');
    const socket = connect(listener.port, ADDRESS);
    onTestFinished(() => void socket.destroy());
    const { stream, heard, go } = holdingBack(socket);
    const client = connectTls({ socket: stream, rejectUnauthorized: false });
    client.on('error', () => {});
    let answer = '';
    client.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
    });
    await heard;
    const closed = plane.close(listener);
    // The server is at work on the close from here on: this one goes before the other has said anything.
    expect(await kept.ended()).toBe('');
    expect(socket.readyState).toBe('open');
    client.write(announceRequest());
    go();
    await once(client, 'end');
    expect(answer).toContain('8:interval');
    client.end();
    socket.end();
    await closed;
  },
);
