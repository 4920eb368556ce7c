/** How an action ends that did all it could, and not everything. */
import { BatError, type ErrorCode, type ErrorDetails } from '../core/errors.ts';

/** Thrown at the end. What `result` does not name as missing is done. */
export abstract class Incomplete<Result> extends BatError {
  readonly result: Result;

  constructor(code: ErrorCode, message: string, result: Result, details: ErrorDetails) {
    super(code, message, details);
    this.name = new.target.name;
    this.result = result;
  }
}
