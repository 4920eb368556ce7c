/** What the parts of the target share: the bucket, the keys, and how a call is made and its failure told. */
import type { S3Client } from '@aws-sdk/client-s3';
import { BatError } from '../../core/errors.ts';
import type { Pace } from '../../core/pace.ts';
import type { PutOptions, TargetContext } from '../target.ts';
import type { Connection, Sdk } from './client.ts';
import { openConnection } from './client.ts';
import type { Line } from './deadline.ts';
import { withDeadline } from './deadline.ts';
import { explain } from './errors.ts';
import type { Doing } from './meanings.ts';
import { fitsKey, isObjectName } from './names.ts';
import type { S3Options } from './options.ts';
import { basePrefix, locationOf, taggingOf } from './options.ts';

export interface Call {
  doing: Doing;
  /** The object, or what else it is done to. */
  what: string;
  signal?: AbortSignal | undefined;
  /** Milliseconds without progress after which it is given up. */
  patience?: number;
}

/** What a call works with. */
export interface CallTools extends Line {
  sdk: Sdk;
  send: S3Client['send'];
}

/** Milliseconds. */
export const usualPatience = 60_000;

export class S3Store {
  readonly id: string;
  readonly bucket: string;
  /** What all keys begin with: the prefix and the plan's name. */
  readonly base: string;
  readonly location: string;
  readonly options: S3Options;
  readonly pace: Pace | undefined;
  readonly #patience: number;
  #connection: Promise<Connection> | null = null;
  /** Whether something that speaks S3 has ever answered. */
  #known = false;

  constructor(id: string, options: S3Options, context: TargetContext, patience = usualPatience) {
    this.id = id;
    this.options = options;
    this.bucket = options.bucket;
    this.base = basePrefix(options, context.plan);
    this.location = locationOf(options, this.base);
    this.pace = context.pace;
    this.#patience = patience;
  }

  accepts(name: string): boolean {
    return isObjectName(name) && fitsKey(this.base + name);
  }

  /** The key of an object. Throws for a name that is not taken, whoever asks. */
  key(name: string): string {
    if (this.accepts(name)) return this.base + name;
    throw new BatError('TARGET_FAILED', `Target "${this.id}" does not take ${JSON.stringify(name)} as the name of an object.`, {
      hint: 'Names are plain relative paths of 1024 bytes at most, with the prefix. A manifest that says otherwise is damaged.',
      subject: name,
    });
  }

  /** How an object is stored: these go with each request that begins one. */
  objectHeaders(temperature: PutOptions['temperature']): ObjectHeaders {
    const { 'server-side-encryption': encryption, 'kms-key': kmsKey, tags } = this.options;
    return {
      Bucket: this.bucket,
      ContentType: 'application/octet-stream',
      StorageClass: this.storageClass(temperature) as ObjectHeaders['StorageClass'],
      ServerSideEncryption: encryption,
      SSEKMSKeyId: kmsKey,
      Tagging: tags && taggingOf(tags),
    };
  }

  /** Hot objects take the bucket's own class, STANDARD: some servers know no other and refuse the word. */
  storageClass(temperature: PutOptions['temperature']): string | undefined {
    return temperature === 'cold' ? this.options['storage-class'] : undefined;
  }

  /** Makes a call, under a deadline; what fails comes as a BatError, and an aborted signal as its reason. */
  async call<T>(call: Call, work: (tools: CallTools) => Promise<T>): Promise<T> {
    try {
      return await this.attempt(call, work);
    } catch (error) {
      call.signal?.throwIfAborted();
      throw this.explain(error, call);
    }
  }

  /** The same, but what fails comes as it is: for what can mend some failures itself. */
  async attempt<T>(call: Call, work: (tools: CallTools) => Promise<T>): Promise<T> {
    call.signal?.throwIfAborted();
    return withDeadline(call.patience ?? this.#patience, call.signal, async (line) => {
      const { sdk, client } = await this.#connect();
      line.signal.throwIfAborted();
      const send = ((command: Parameters<S3Client['send']>[0]) => client.send(command, { abortSignal: line.signal })) as S3Client['send'];
      const result = await work({ ...line, sdk, send });
      this.#known = true;
      return result;
    });
  }

  explain(error: unknown, { doing, what }: Call): unknown {
    return explain(error, {
      target: this.id,
      doing,
      what,
      location: this.location,
      bucket: this.bucket,
      base: this.base,
      region: this.options.region,
      endpoint: this.options.endpoint,
      known: this.#known,
    });
  }

  /** One for all calls. What could not be loaded is tried again. */
  async #connect(): Promise<Connection> {
    const connection = (this.#connection ??= openConnection(this.options));
    try {
      return await connection;
    } catch (error) {
      if (this.#connection === connection) this.#connection = null;
      throw error;
    }
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    (await connection?.catch(() => null))?.client.destroy();
  }
}

type ObjectHeaders = Pick<import('@aws-sdk/client-s3').PutObjectCommandInput, 'Bucket' | 'ContentType' | 'StorageClass' | 'ServerSideEncryption' | 'SSEKMSKeyId' | 'Tagging'>;
