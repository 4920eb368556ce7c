/** Something answered, but it does not speak S3. */
export class NoStoreError extends Error {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(statusCode: number, headers: Readonly<Record<string, string>> = {}) {
    super(`not an answer of S3 (HTTP ${statusCode})`);
    this.name = 'NoStoreError';
    this.statusCode = statusCode;
    this.headers = headers;
  }
}
