/** HTTP by hand, for what no client would send. */
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  status: number;
  head: string;
  body: string;
  /** Of an error. */
  code: string | undefined;
}

export class RawConnection {
  readonly socket: Socket;
  #text = '';
  #closed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#text += text;
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** `from`: an address of this machine, 127.0.0.2 and the like, to be somebody else. */
  static async open(port: number, from = '127.0.0.1'): Promise<RawConnection> {
    const socket = connect({ host: '127.0.0.1', port, localAddress: from });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawConnection(socket);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** False if nobody takes it any more. Done when it is sent. */
  send(bytes: string | Uint8Array): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const gone = (): void => resolve(false);
      this.socket.once('close', gone);
      this.socket.write(bytes, (error) => {
        this.socket.off('close', gone);
        resolve(!error);
      });
    });
  }

  /** The next answer, or null if the connection was closed without one. */
  async answer(): Promise<RawAnswer | null> {
    for (;;) {
      const found = this.#take();
      if (found) return found;
      if (this.#closed) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async closed(): Promise<void> {
    while (!this.#closed) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  end(): void {
    this.socket.destroy();
  }

  #take(): RawAnswer | null {
    const end = this.#text.indexOf('\r\n\r\n');
    if (end === -1) return null;
    const head = this.#text.slice(0, end);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
    const length = status < 200 || status === 204 || status === 304 ? 0 : Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    if (this.#text.length < end + 4 + length) return null;
    const body = Buffer.from(this.#text.slice(end + 4, end + 4 + length), 'latin1').toString('utf8');
    this.#text = this.#text.slice(end + 4 + length);
    return { status, head, body, code: /^\{"error":\{"code":"([A-Z_]+)"/.exec(body)?.[1] };
  }
}

/** A request as a text, with CRLF for each line break; it ends with an empty line. */
export function request(line: string, headers: Record<string, string | number> = {}): string {
  return `${[`${line} HTTP/1.1`, ...Object.entries({ Host: '127.0.0.1', ...headers }).map(([name, value]) => `${name}: ${value}`)].join('\r\n')}\r\n\r\n`;
}

/** One request on a connection of its own. */
export async function ask(port: number, line: string, headers: Record<string, string | number> = {}, from?: string): Promise<RawAnswer | null> {
  const connection = await RawConnection.open(port, from);
  await connection.send(request(line, headers));
  const answer = await connection.answer();
  connection.end();
  return answer;
}
