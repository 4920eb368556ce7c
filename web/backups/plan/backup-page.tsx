import { useSignal } from '@preact/signals';
import { formatBytes, formatCount } from '../../../src/core/units.ts';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { Working } from '../../parts/working.tsx';
import { hashOf } from '../../shell/router.ts';
import { getOverview, getSnapshots, hrefInSnapshot, type BackupAddress, type Overview, type SnapshotFacts } from '../api.ts';
import { useLoaded } from '../load.ts';
import { Doubt, Fact, LastRun } from '../overview-page.tsx';
import { drillWords, formatAgo, formatWhen, verifyWords } from '../words.ts';
import { RunCalendar } from './run-calendar.tsx';

/** One plan or store: how it is, and its snapshots. */
export function BackupPage({ address }: { address: BackupAddress }) {
  const key = `${address.kind} ${address.name}`;
  const overview = useLoaded(key, async (signal) => (await getOverview(signal)).find(({ kind, name }) => kind === address.kind && name === address.name) ?? null);
  const snapshots = useLoaded(key, (signal) => getSnapshots(address, signal));
  const known = overview.state.value;
  const list = snapshots.state.value;
  return (
    <div class="backups">
      <nav class="breadcrumbs" aria-label="Where this is">
        <ol>
          <li>
            <a href={hashOf('backups', [''])}>Backups</a>
          </li>
        </ol>
      </nav>
      <h1 class="cut">{address.name}</h1>
      {known.is === 'loading' && <Working label="Looking at it" />}
      {known.is === 'failed' && <Problem error={known.error} again={overview.again} />}
      {known.is === 'there' && known.value && <Facts backup={known.value} />}
      <h2>Snapshots</h2>
      {list.is === 'loading' && <Working label="Listing the snapshots" />}
      {list.is === 'failed' && <Problem error={list.error} again={snapshots.again} />}
      {list.is === 'there' && <SnapshotList address={address} snapshots={list.value} />}
    </div>
  );
}

function Facts({ backup }: { backup: Overview }) {
  const { problem, targets, calendar, writers, lists, kind } = backup;
  return (
    <>
      {problem && <Doubt text={problem.message} hint={problem.hint} />}
      <ul class="facts">
        <LastRun backup={backup} />
        {writers.map(({ host, since }) => (
          <Fact key={`${host} ${since}`} icon="upload" text={`${host} writes here since ${formatWhen(since)}`} />
        ))}
        {lists.map(({ signer, time, manifests, isGenuine }) => (
          <Fact key={signer} icon={isGenuine ? 'key' : 'warning'} tone={isGenuine ? undefined : 'bad'} text={isGenuine ? `${signer} signed for ${formatCount(manifests, 'snapshot')}, ${formatAgo(time)}` : `The list of ${signer} is forged: its signature does not hold`} />
        ))}
      </ul>
      <ul class="targets" aria-label={kind === 'plan' ? 'Targets' : 'What is kept'}>
        {targets.map(({ id, type, location, objects, bytes, verify, drill }) => (
          <li key={id} class="target">
            <h3>
              {id} <span class="quiet-text">{type === 'store' ? 'in this server' : type}</span>
            </h3>
            <p class="numbers">{bytes === null ? 'Space: not known' : `${formatBytes(bytes)} in ${formatCount(objects ?? 0, 'object')}`}</p>
            {location !== '' && <p class="quiet-text wrap">{location}</p>}
            {kind === 'plan' && (
              <>
                <p class={(verify?.damaged ?? 0) > 0 ? 'bad-text' : 'quiet-text'}>{verifyWords(verify)}</p>
                <p class={drill?.isOk === false ? 'bad-text' : 'quiet-text'}>{drillWords(drill)}</p>
              </>
            )}
          </li>
        ))}
      </ul>
      <RunCalendar calendar={calendar} />
    </>
  );
}

const atATime = 100;

function SnapshotList({ address, snapshots }: { address: BackupAddress; snapshots: SnapshotFacts[] }) {
  const most = useSignal(atATime);
  if (snapshots.length === 0) return <p class="empty">Nothing is stored yet.</p>;
  return (
    <>
      <ul class="snapshots">
        {snapshots.slice(0, most.value).map((snapshot) => (
          <li key={snapshot.id}>
            <a href={hrefInSnapshot(address, snapshot.id, '')}>
              <span class="snapshot-words">
                <strong class="cut">{snapshot.source}</strong>
                <span class="numbers">{formatWhen(snapshot.time)}</span>
              </span>
              <span class="quiet-text numbers">{detailsOf(snapshot)}</span>
              <Icon name="right" />
            </a>
          </li>
        ))}
      </ul>
      {snapshots.length > most.value && (
        <button type="button" onClick={() => (most.value += atATime)}>
          Show older ones ({formatCount(snapshots.length - most.value, 'snapshot')})
        </button>
      )}
    </>
  );
}

function detailsOf({ files, bytes, targets, tags, protected: isProtected }: SnapshotFacts): string {
  const held = targets === null ? [] : [targets.length === 0 ? 'on no target' : `on ${targets.join(', ')}`];
  return [...(files === null ? [] : [formatCount(files, 'file')]), ...(bytes === null ? [] : [formatBytes(bytes)]), ...held, ...(tags ?? []), ...(isProtected ? ['protected'] : [])].join(' · ');
}
