/**
 * The contract of a target as tests. Every kind of target calls `targetSuite` with little more than a way to make a store
 * (docs/writing-a-target.md). A target that cannot keep a part of the contract says so with a trait, and in its docs.
 * Most of it are the cases that `bat targets check` puts to a user's target, too (src/targets/conformance).
 */
import { describe, it } from 'vitest';
import { conformance } from '../../src/targets/conformance/index.ts';
import type { Target } from '../../src/targets/target.ts';
import { connectionTests } from './target/connection.ts';
import { benchFor } from './target/bench.ts';
import { nameTests } from './target/names.ts';

export interface TargetStore {
  /** Over an empty store of its own; not connected yet. */
  target: Target;
  /** A second instance over the same store, as another process would have; not connected yet. */
  again(): Promise<Target>;
  /** The names of all that is really in the store, asked without bat: parts of objects and remains of uploads too. */
  leftovers(): Promise<string[]>;
  /** Removes the store. */
  dispose(): Promise<void>;
}

export type TargetSetup = () => Promise<TargetStore>;

export interface TargetTraits {
  /** Objects in the long listing. 1,500 unless given: more than a page of any known API. */
  manyObjects?: number;
  /** Bytes of the large object. 40 MB unless given. */
  largeObject?: number;
  /** The listing may show a change only after a while. What the target says of itself unless given. */
  listsLate?: boolean;
  /** Unfinished uploads vanish by themselves or cannot be seen: `sweep` may find nothing. What the target says of itself unless given. */
  forgetsUploads?: boolean;
}

export function targetSuite(name: string, setup: TargetSetup, traits: TargetTraits = {}): void {
  describe(`target: ${name}`, () => {
    for (const { name, cases } of conformance) {
      describe(name, () => {
        const bench = benchFor(setup, traits);
        for (const { title, run } of cases) it(title, () => run(bench()));
      });
    }
    describe('what only a test can ask', () => {
      connectionTests(setup, traits);
      nameTests(setup, traits);
    });
  });
}
