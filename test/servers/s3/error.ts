/** An answer other than success, in the words of S3. */
import { element, xmlDocument } from './xml.ts';

export class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  /** Further elements of the body, and further headers. */
  readonly fields: Record<string, string>;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, message: string, fields: Record<string, string> = {}, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.headers = headers;
  }

  body(resource: string): string {
    const fields = Object.entries({ Code: this.code, Message: this.message, ...this.fields, Resource: resource });
    return xmlDocument('Error', fields.map(([name, value]) => element(name, value)).join(''), { namespace: false });
  }
}
