/** The plan that `bat init` writes: complete, and every line explained. */
import { stringify } from 'yaml';

export interface StarterPlan {
  name: string;
  sources: readonly { id: string; path: string }[];
  /** The folder of the first target. */
  targetPath: string;
  /** Public recipients to encrypt to, or null for a plan without encryption. */
  recipients: readonly string[] | null;
  /** Path or address of the schema, for editors. */
  schema?: string;
}

/** Text that ends in a newline. */
export function starterPlan({ name, sources, targetPath, recipients, schema }: StarterPlan): string {
  return `${schema === undefined ? '' : `# yaml-language-server: $schema=${schema}\n`}\
# A plan of bat. Check it with \`bat validate\`, see it with \`bat graph\`, carry it out with \`bat run\`.
# Paths are relative to the folder of this file; ~ is the home folder.
version: 1
name: ${scalar(name)}   # the folder of this plan on every target: keep it once something is stored

# What is backed up. Each source has a name of its own and its own snapshots.
sources:
${sources.map(({ id, path }) => source(id, path)).join('\n')}

# What happens to the data, in this order.
steps:
  - select                      # finds what is new or changed since the last run
  - tar: { volume: 128MiB }     # packs it into volumes of about this size
  - compress: { codec: zstd, level: 3 }
${encryption(recipients)}
  - upload: { to: disk }        # stores the volumes on this target; a list stores them on several
  - record: { summary: reports/summary.csv, log: logs }   # what was stored, in a table and in a log a day

# Where it is stored. On a machine of its own, or on a disk that is not always here, it is worth most.
targets:
  disk: { type: file, path: ${scalar(targetPath)} }

# What is kept. As it stands here, every snapshot is. With a policy, a run forgets old snapshots, and removes what only they needed;
# \`bat prune --dry-run\` shows which ones it would be, and why.
# retention: { last: 3, daily: 7, weekly: 4, monthly: 12 }
`;
}

function source(id: string, path: string): string {
  return `  ${scalar(id)}:
    path: ${scalar(path)}
    exclude: ["*.tmp"]          # patterns as in .gitignore; more of them in files named .batignore
    exclude-caches: true        # leaves out what programs have marked as caches`;
}

function encryption(recipients: readonly string[] | null): string {
  if (recipients && recipients.length > 0) {
    return `  - encrypt:                    # only the keys that belong to these recipients can open it: keep them elsewhere
      to:
${[...new Set(recipients)].map((recipient) => `        - ${scalar(recipient)}`).join('\n')}`;
  }
  return `  # Whoever can read the target can read the data. To encrypt it, make a key with \`bat keygen\` and write:
  # - encrypt: { to: [age1…] }`;
}

/** A text as it stands in YAML, inside of braces too: quoted unless it is a plain word or path; a `${` of its own is no variable. */
function scalar(value: string): string {
  const text = value.replaceAll('${', () => '$${');
  const plain = /^(~?\/)?[A-Za-z][\w/.-]*$/.test(text) && !/^(true|false|null)$/i.test(text);
  return plain ? text : stringify(text, { defaultStringType: 'QUOTE_DOUBLE', lineWidth: 0 }).trimEnd();
}
