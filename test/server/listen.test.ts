/** The listening side with routes of its own: held open requests, bodies, the end. */
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answerError } from '../../src/server/answer-error.ts';
import type { ServerApp } from '../../src/server/app.ts';
import { readBody, readJson, sendStream } from '../../src/server/body.ts';
import type { ServerContext, ServerEnvironment } from '../../src/server/context.ts';
import { listen, type Listening } from '../../src/server/listen.ts';
import type { ServerEvent } from '../../src/server/server-event.ts';
import type { ServeSettings } from '../../src/server/settings/settings.ts';
import { RawConnection, request } from './raw.ts';

const idle = 200;
const most = 1_000_000;

let listening: Listening;
let port: number;
let events: ServerEvent[];
/** What the routes tell of themselves. */
let told: EventEmitter;
let stopping: AbortController;
const open: RawConnection[] = [];

function settingsFor(part: Partial<ServeSettings> = {}): ServeSettings {
  return { file: '', listen: { host: '127.0.0.1', port: 0 }, tls: null, library: [], stores: null, plans: [], users: [], limits: { upload: most, connections: 200, idle, keepFree: 0 }, state: '', sync: 1, ...part };
}

function routes(): ServerApp {
  const app: ServerApp = new Hono<ServerEnvironment>();
  const context = { log: (event: ServerEvent) => void events.push(event), signal: stopping.signal } as ServerContext;
  app.onError((error, c) => answerError(error, c, context));
  app.post('/count', async (c) => {
    let bytes = 0;
    told.emit('begun');
    try {
      for await (const chunk of readBody(c, most)) bytes += chunk.length;
    } finally {
      told.emit('read', bytes);
    }
    return c.json({ bytes });
  });
  app.post('/json', async (c) => c.json({ got: await readJson(c, 100) }));
  app.post('/late', async (c) => {
    await wait(3 * idle);
    let bytes = 0;
    for await (const chunk of readBody(c, most)) {
      bytes += chunk.length;
      await wait(idle);
    }
    return c.json({ bytes });
  });
  app.post('/refused', (c) => c.json({ duplicate: true }));
  app.get('/endless', (c) => sendStream(c, context, 200, {}, endless()));
  app.get('/pausing', (c) => sendStream(c, context, 200, { 'Content-Length': 4 }, pausing()));
  app.get('/broken', (c) => sendStream(c, context, 200, { 'Content-Length': 100 }, broken()));
  app.get('/hanging', async (c) => {
    told.emit('begun');
    await once(stopping.signal, 'abort');
    told.emit('cut');
    return c.json({});
  });
  app.get('/short', async (c) => {
    told.emit('begun');
    await once(told, 'go on');
    return c.json({ done: true });
  });
  return app;
}

async function* endless(): AsyncGenerator<Buffer> {
  const piece = Buffer.alloc(1 << 20);
  try {
    for (;;) {
      yield piece;
      await wait(0);
    }
  } finally {
    told.emit('closed');
  }
}

async function* pausing(): AsyncGenerator<Buffer> {
  yield Buffer.from('ab');
  await wait(3 * idle);
  yield Buffer.from('cd');
}

async function* broken(): AsyncGenerator<Buffer> {
  yield Buffer.from('half');
  await wait(0);
  throw new Error('the disk is gone');
}

beforeEach(async () => {
  events = [];
  told = new EventEmitter();
  stopping = new AbortController();
  listening = await listen(settingsFor(), routes(), (event) => void events.push(event));
  port = Number(new URL(listening.url).port);
});
afterEach(async () => {
  for (const connection of open.splice(0)) connection.end();
  await listening.close(0, () => stopping.abort());
});

const connect = async (): Promise<RawConnection> => {
  const connection = await RawConnection.open(port);
  open.push(connection);
  return connection;
};

describe('who holds a request open', () => {
  test('by nothing at all, or by half of its headers: it is ended', async () => {
    const [silent, half] = [await connect(), await connect()];
    await half.send('POST /count HTTP/1.1\r\nHost: a\r\n');
    expect(await half.answer()).toMatchObject({ status: 408, code: 'TIMEOUT' });
    await half.closed();
    await silent.closed();
  });

  test.each([['with a length', { 'Content-Length': 1000 }, 'half'], ['in chunks', { 'Transfer-Encoding': 'chunked' }, '4\r\nhalf\r\n']])('by half of its body, %s: it is ended, and the route gets to know', async (_name, headers, part) => {
    const connection = await connect();
    const read = once(told, 'read');
    await connection.send(request('POST /count', headers) + part);
    expect(await connection.answer()).toMatchObject({ status: 408, code: 'TIMEOUT' });
    await connection.closed();
    expect(await read).toEqual([4]);
    await expect.poll(() => events).toContainEqual(expect.objectContaining({ type: 'request', status: 408 }));
  });

  test('by a byte now and then: it is ended', async () => {
    const connection = await connect();
    await connection.send(request('POST /count', { 'Content-Length': 100_000 }));
    let sent = 0;
    while (await connection.send('x')) {
      sent++;
      await wait(idle / 20);
    }
    expect(sent).toBeGreaterThan(3);
    await connection.closed();
  });

  test('by taking nothing of an answer: it is ended, and what it came from is closed', async () => {
    const connection = await connect();
    const closed = once(told, 'closed');
    connection.socket.pause();
    await connection.send(request('GET /endless'));
    await closed;
  });
});

describe('who does not', () => {
  test('an upload that takes long and goes on comes in whole', async () => {
    const connection = await connect();
    const pieces = 24;
    await connection.send(request('POST /count', { 'Content-Length': pieces * 4096 }));
    const answer = connection.answer();
    for (let index = 0; index < pieces; index++) {
      await connection.send('x'.repeat(4096));
      await wait(idle / 6);
    }
    expect((await answer)!.body).toBe(`{"bytes":${pieces * 4096}}`);
  });

  test('a route may take its time before a body and within it, and between the pieces of an answer', async () => {
    const late = fetch(`${listening.url}/late`, { method: 'POST', body: Buffer.alloc(200_000) });
    const pausing = fetch(`${listening.url}/pausing`);
    expect(await (await late).json()).toEqual({ bytes: 200_000 });
    expect(await (await pausing).text()).toBe('abcd');
  });
});

describe('bodies', () => {
  test('more than is taken is refused before a byte of it is read', async () => {
    const connection = await connect();
    await connection.send(request('POST /count', { 'Content-Length': most + 1, Expect: '100-continue' }));
    expect(await connection.answer()).toMatchObject({ status: 413, code: 'TOO_LARGE' });
    await connection.closed();
  });

  test('chunks without end are cut off at the limit', async () => {
    const connection = await connect();
    const read = once(told, 'read');
    await connection.send(request('POST /count', { 'Transfer-Encoding': 'chunked' }));
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const answer = connection.answer();
    let sent = 0;
    while (await connection.send(chunk)) {
      sent += 0x10000;
      if (sent > 200 * most) throw new Error('nobody stops this');
    }
    expect(await answer).toMatchObject({ status: 413, code: 'TOO_LARGE' });
    expect(((await read) as [number])[0]).toBeLessThanOrEqual(most);
  });

  test('who waits to be asked for the body is asked only by a route that reads it', async () => {
    const headers = { 'Content-Length': 5, Expect: '100-continue' };
    const read = await connect();
    await read.send(request('POST /count', headers));
    expect((await read.answer())!.status).toBe(100);
    await read.send('hello');
    expect((await read.answer())!.body).toBe('{"bytes":5}');
    const unread = await connect();
    await unread.send(request('POST /refused', headers));
    const answer = await unread.answer();
    expect(answer).toMatchObject({ status: 200, body: '{"duplicate":true}' });
    expect(answer!.head).toMatch(/^connection: close$/im);
  });

  test('what is no JSON, and too much of it', async () => {
    const post = (body: string): Promise<Response> => fetch(`${listening.url}/json`, { method: 'POST', body });
    expect(await (await post('{"a":1}')).json()).toEqual({ got: { a: 1 } });
    expect([(await post('{')).status, (await post(`"${'x'.repeat(200)}"`)).status]).toEqual([400, 413]);
  });

  test('a sender that goes away leaves no route waiting', async () => {
    const connection = await connect();
    const read = once(told, 'read');
    await connection.send(`${request('POST /count', { 'Content-Length': 1000 })}half`);
    await expect.poll(() => told.listenerCount('read')).toBe(1);
    connection.end();
    expect(await read).toEqual([4]);
    await expect.poll(() => events).toContainEqual(expect.objectContaining({ type: 'request', status: 499 }));
  });

  test('an answer that breaks off does not look whole, and the log says why', async () => {
    await expect(fetch(`${listening.url}/broken`).then((answer) => answer.text())).rejects.toThrow();
    expect(events).toContainEqual({ type: 'failure', message: 'GET /broken: the disk is gone' });
  });
});

describe('the end', () => {
  test('what runs is finished, and nothing new is taken', async () => {
    const begun = once(told, 'begun');
    const short = fetch(`${listening.url}/short`);
    await begun;
    const closed = listening.close(10_000, () => stopping.abort());
    await expect(fetch(`${listening.url}/health`)).rejects.toThrow();
    told.emit('go on');
    expect(await (await short).json()).toEqual({ done: true });
    await closed;
  });

  test('what does not come to an end is cut off, and tidied up before the server is gone', async () => {
    const [begun, cut] = [once(told, 'begun'), once(told, 'cut')];
    const hanging = fetch(`${listening.url}/hanging`);
    const failed = expect(hanging).rejects.toThrow();
    await begun;
    let isCut = false;
    void cut.then(() => (isCut = true));
    await listening.close(50, () => stopping.abort());
    expect(isCut).toBe(true);
    await failed;
  });

  test('somebody who only holds a connection does not keep it from ending', async () => {
    const connection = await connect();
    await connection.send('GET /half HTTP/1.1\r\n');
    await listening.close(50, () => stopping.abort());
    await connection.closed();
  });
});

describe('what cannot be listened on is told as what it is', () => {
  test.each([
    ['a taken port', async () => ({ host: '127.0.0.1', port }), 'another program listens there'],
    ['an address of another machine', async () => ({ host: '192.0.2.1', port: 0 }), 'this machine has no such address'],
    ['a name that is none', async () => ({ host: 'nothing.invalid', port: 0 }), "the server's name was not found"],
  ])('%s', async (_name, place, reason) => {
    await expect(listen(settingsFor({ listen: await place() }), routes(), () => {})).rejects.toMatchObject({ code: 'LISTEN_FAILED', message: expect.stringContaining(reason) as string });
  });

  test('a server elsewhere is not disturbed by it', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    await expect(listen(settingsFor({ listen: { host: '127.0.0.1', port: (other.address() as AddressInfo).port } }), routes(), () => {})).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
    other.close();
  });
});
