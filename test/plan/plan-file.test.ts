import { expect, test } from 'vitest';
import { registerSecret } from '../../src/core/secrets.ts';
import { parse } from '../../src/plan/load.ts';
import { planFileOf } from '../../src/plan/plan-file.ts';
import type { Document } from 'yaml';

const written = (text: string): string => planFileOf({ file: '/home/me/plans/nas.yaml', text }).text;

test('a plan without secrets travels as it is written', () => {
  const text = '# mine\nversion: 1\ntargets:\n  away: { type: s3, bucket: attic, access-key: "${KEY}", secret-key: { file: secret.txt } }\n';
  expect(planFileOf({ file: '/home/me/plans/nas.yaml', text })).toEqual({ name: 'nas.yaml', text });
});

test('secrets that are written out become variables, and the plan stays YAML', () => {
  const text = `targets:
  a: { type: s3, secret-key: topsecret1, access-key: topsecret1 }
  b: { type: s3, secret-key: 'topsecret2' }
  c: { type: s3, secret-key: "\${S:-topsecret3}" }
steps:
  - encrypt:
      passphrase: |
        topsecret4
        and more
      from: tar
  - encrypt:
      passphrase: >-
        topsecret5
`;
  const hidden = written(text);
  expect(hidden).not.toContain('topsecret');
  expect((parse(hidden) as Document).toJS()).toEqual({
    targets: { a: { type: 's3', 'secret-key': '${SECRET_KEY}', 'access-key': '${SECRET_KEY}' }, b: { type: 's3', 'secret-key': '${SECRET_KEY_2}' }, c: { type: 's3', 'secret-key': '${SECRET_KEY_3}' } },
    steps: [{ encrypt: { passphrase: '${PASSPHRASE}', from: 'tar' } }, { encrypt: { passphrase: '${PASSPHRASE_2}' } }],
  });
});

test('what is known to be a secret does not travel in a comment or a command either', () => {
  registerSecret('known-elsewhere');
  expect(written('# was known-elsewhere\nsteps: [{ run: { command: [curl, "https://known-elsewhere@example.org"] } }]\n')).toBe('# was ***\nsteps: [{ run: { command: [curl, "https://***@example.org"] } }]\n');
});
