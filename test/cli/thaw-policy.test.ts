/** Who decides about a thaw: the command line, the person, or nobody. */
import { expect, test } from 'vitest';
import type { ThawOffer } from '../../src/actions/restore.ts';
import { toJsonLine } from '../../src/cli/json-line.ts';
import type { Output } from '../../src/cli/output.ts';
import type { Shell } from '../../src/cli/shell.ts';
import { thawPolicy, type ThawFlags } from '../../src/cli/thaw-policy.ts';

const hour = 3_600_000;
const offer: ThawOffer = {
  target: 'glacier', storageClasses: ['DEEP_ARCHIVE'], objects: 12, bytes: 1.5 * 2 ** 30, thawing: 2, days: 7,
  tiers: [{ tier: 'bulk', least: 12 * hour, most: 48 * hour, cost: 0.153 }, { tier: 'standard', least: 9 * hour, most: 12 * hour, cost: 0.001 }],
  prices: { currency: 'USD', asOf: '2026-06', region: 'us-east-1' },
};

interface Seen {
  tier: string | null;
  error: unknown;
  out: string;
  err: string;
}

async function decide(flags: Partial<ThawFlags>, json = false, given = offer): Promise<Seen> {
  const texts = { out: '', err: '' };
  const colours = { dim: (text: string) => text };
  const output = (name: 'out' | 'err'): Output => ({ isTerminal: false, width: 100, colours, line: (text = '') => void (texts[name] += `${text}\n`) }) as unknown as Output;
  const shell = { json, out: output('out'), err: output('err'), signal: new AbortController().signal, emitJson: (type: string, fields: Record<string, unknown>) => (texts.out += `${toJsonLine(type, fields)}\n`) };
  try {
    return { tier: await thawPolicy(shell as unknown as Shell, { days: 7, ...flags }).choose(given), error: null, ...texts };
  } catch (error) {
    return { tier: null, error, ...texts };
  }
}

test('--tier decides, and what it means is shown', async () => {
  const { tier, out, err } = await decide({ tier: 'standard' });
  expect(tier).toBe('standard');
  expect(err).toBe('');
  expect(out).toBe(`12 objects, 1.5 GiB, lie on glacier in cold storage (DEEP_ARCHIVE).
2 objects more are being thawed on glacier.

tier      ready within  price ≈
bulk      12 h to 48 h    $0.15
standard   9 h to 12 h  < $0.01

With 7 days of thawed copies and the download. Prices of us-east-1, as of 2026-06; yours may differ.

`);
  expect((await decide({ tier: 'standard', quiet: true })).out).toBe('');
});

test('--yes takes the cheapest', async () => {
  expect((await decide({ yes: true })).tier).toBe('bulk');
});

test('without either, and nobody to ask: exit code 2, with the table and the words to add', async () => {
  const { error, out, err } = await decide({});
  expect(error).toMatchObject({ code: 'USAGE', exitCode: 2, hint: 'Say how with --tier bulk or --tier standard.' });
  expect((error as Error).message).toContain('"glacier" is in cold storage');
  expect(out).toBe('');
  expect(err).toContain('bulk      12 h to 48 h    $0.15');
});

test('with --json the offer is a line, and nobody is asked', async () => {
  const { error, out, err } = await decide({}, true);
  expect(error).toMatchObject({ code: 'USAGE' });
  expect(err).toBe('');
  expect(JSON.parse(out)).toEqual({
    message_type: 'thaw_offer', target: 'glacier', storage_classes: ['DEEP_ARCHIVE'], objects: 12, bytes: 1.5 * 2 ** 30, thawing: 2, days: 7,
    tiers: [{ tier: 'bulk', least_seconds: 43_200, most_seconds: 172_800, cost: 0.153 }, { tier: 'standard', least_seconds: 32_400, most_seconds: 43_200, cost: 0.001 }],
    prices: { currency: 'USD', as_of: '2026-06', region: 'us-east-1' },
  });
});

test('without prices the table has none', async () => {
  const { out } = await decide({ yes: true }, false, { ...offer, thawing: 0, prices: null, tiers: offer.tiers.map((tier) => ({ ...tier, cost: null })) });
  expect(out).toMatch(/^tier +ready within$/m);
  expect(out).not.toMatch(/price|\$/i);
});

test('classes that share no tier cannot be thawed together', async () => {
  expect((await decide({ yes: true }, false, { ...offer, tiers: [] })).error).toMatchObject({ code: 'USAGE', hint: 'Restore some of the paths at a time.' });
});
