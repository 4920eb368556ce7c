/** What a check tells while it goes on. */
import type { ErrorCode } from '../../core/errors.ts';
import type { TargetCapabilities } from '../../targets/target.ts';

export interface Failure {
  code: ErrorCode;
  message: string;
  hint?: string;
}

export interface CheckResult {
  target: string;
  /** `objects/replace` */
  id: string;
  title: string;
  /** `skipped`: the target has nothing of the kind, which is no fault. */
  status: 'passed' | 'failed' | 'skipped';
  failure?: Failure;
  /** How often a call was tried again, since the line or the target failed. */
  retries: number;
  /** Milliseconds. */
  duration: number;
}

/** Once it is known what a target can do, before anything is sent there. */
export interface CheckOutlook {
  target: string;
  /** Where all of it goes. */
  location: string;
  capabilities: TargetCapabilities;
  checks: number;
  /** Bytes, about. */
  sends: number;
  /** It can be added to, and not more, outside the place of the check. */
  appendOnly?: true;
  /** Where volumes are paid for a least time. */
  minimum?: { storageClass: string; days: number };
}

export interface CheckSummary {
  target: string;
  ok: boolean;
  passed: number;
  failed: number;
  skipped: number;
  /** Not asked: nothing else works where an essential one failed. */
  leftOut: number;
  /** Bytes. */
  sent: number;
  calls: number;
  /** Of volumes and of the rest, as receipts name them. */
  storageClass?: { cold?: string; hot?: string };
  /** What could not be removed. */
  leftBehind: readonly string[];
}

export type CheckEvent =
  | { type: 'target'; target: string; kind: string }
  | { type: 'outlook'; outlook: CheckOutlook }
  | { type: 'begins'; target: string; title: string }
  | { type: 'result'; result: CheckResult }
  | { type: 'cleaning'; target: string }
  | { type: 'summary'; summary: CheckSummary };

export type TellCheck = (event: CheckEvent) => void;
