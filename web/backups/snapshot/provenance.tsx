import { formatBytes, formatCount } from '../../../src/core/units.ts';
import { Doubt } from '../overview-page.tsx';
import type { OpenedSnapshot } from '../vault/messages.ts';
import { formatWhen } from '../words.ts';

/** Where a snapshot comes from, and what has been checked of that. */
export function Provenance({ facts }: { facts: OpenedSnapshot }) {
  const { source, time, host, target, away, files, bytes, dangerous, doubts } = facts;
  return (
    <div class="provenance">
      <p>
        <strong>{source}</strong> of {host}, {formatWhen(time)}: {formatCount(files, 'file')}, {formatBytes(bytes)}. <span class="quiet-text">{signatureWords(facts)} Read from {target}.</span>
      </p>
      {away.map(({ id, message }) => (
        <Doubt key={id} text={`${id} does not answer: ${message}`} />
      ))}
      {doubts.map((doubt) => (
        <Doubt key={doubt} text={doubt} />
      ))}
      {dangerous > 0 && <Doubt text={`${formatCount(dangerous, 'entry', 'entries')} left out: their paths lead out of the snapshot.`} />}
    </div>
  );
}

function signatureWords({ signedBy, unsigned }: OpenedSnapshot): string {
  if (signedBy.length === 0) return 'Not signed.';
  const by = `Signed by ${signedBy.join(' and ')}, checked in this page`;
  return unsigned === 0 ? `${by}.` : `${by}; ${formatCount(unsigned, 'manifest')} that it builds on ${unsigned === 1 ? 'is' : 'are'} not signed.`;
}
