/** A bat server as a program of its own behind a proxy, that a test may kill and start again at the same address, and a plan that stores there. */
import { createReadStream, mkdirSync, readdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startFaultyProxy, type FaultyProxy } from '../servers/faulty-proxy.ts';
import { sandbox, type Sandbox, type Started } from '../cli/fixture.ts';
import { filesBelow } from './judges.ts';

export class HttpHome {
  readonly proxy: FaultyProxy;
  readonly #box: Sandbox;
  #server: Started;

  private constructor(box: Sandbox, proxy: FaultyProxy, server: Started) {
    this.#box = box;
    this.proxy = proxy;
    this.#server = server;
  }

  static async start(): Promise<HttpHome> {
    const box = sandbox();
    const port = await freePort();
    mkdirSync(join(box.folder, 'stores'));
    box.write({ 'serve.yaml': `version: 1\nlisten: 127.0.0.1:${port}\nstores: stores\nstate: serve-state\nlimits: { keep-free: 0 }\n` });
    const server = await listening(box);
    return new HttpHome(box, await startFaultyProxy({ endpoint: `http://127.0.0.1:${port}` }), server);
  }

  /** The target in a plan, without its `retry`. */
  get options(): string {
    return `type: http, url: '${this.proxy.endpoint}'`;
  }

  at(...path: string[]): string {
    return join(this.#box.folder, 'stores/plan', ...path);
  }

  /** Files of the server's own: uploads that are not finished. */
  leftovers(): string[] {
    return filesBelow(this.at()).filter((name) => name.includes('.bat-tmp-'));
  }

  async *objects(): AsyncGenerator<[string, AsyncIterable<Uint8Array>]> {
    for (const name of filesBelow(this.at())) if (!name.startsWith('.bat-')) yield [name, createReadStream(this.at(name)) as AsyncIterable<Uint8Array>];
  }

  names(folder: string): string[] {
    return readdirSync(this.at(folder)).sort();
  }

  /** As a power cut would end it, but for what the system still writes. */
  async kill(): Promise<void> {
    this.#server.child.kill('SIGKILL');
    await this.#server.ended;
  }

  async startAgain(): Promise<void> {
    this.#server = await listening(this.#box);
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.kill();
    this.#box.remove();
  }
}

async function listening(box: Sandbox): Promise<Started> {
  const server = box.start(['serve', 'serve.yaml', '--json', '-q']);
  for await (const line of createInterface({ input: server.child.stdout! })) {
    if (!line.includes('"listening"')) continue;
    server.child.stdout!.resume();
    return server;
  }
  throw new Error(`The server did not begin to listen: ${(await server.ended).err}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
