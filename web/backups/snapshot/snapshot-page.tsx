import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { formatBytes, formatCount } from '../../../src/core/units.ts';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { hashOf } from '../../shell/router.ts';
import { hrefInSnapshot, hrefOfBackup, type BackupAddress } from '../api.ts';
import { RestorePanel } from '../restore/panel.tsx';
import { forget, opening, openSnapshot, recipients } from '../vault/session.ts';
import { shown } from '../words.ts';
import { Browser } from './browser.tsx';
import { KeyForm } from './key-form.tsx';
import { Provenance } from './provenance.tsx';

interface SnapshotPageProps {
  address: BackupAddress;
  snapshot: string;
  folder: string;
  words: string;
  /** The target that it is read from, if somebody chose one. */
  target: string | null;
}

/** A snapshot: it is opened by the key in this page, and then its folders are shown. */
export function SnapshotPage({ address, snapshot, folder, words, target }: SnapshotPageProps) {
  const place = { ...address, target };
  useEffect(() => void openSnapshot(place, snapshot), [address.kind, address.name, snapshot, target]);
  const state = opening.value;
  return (
    <div class="snapshot">
      <div class="snapshot-head">
        <Trail address={address} snapshot={snapshot} folder={folder} query={target === null ? {} : { target }} />
        {recipients.value.length > 0 && (
          <button type="button" class="quiet small" onClick={() => (forget(), void openSnapshot(place, snapshot, true))}>
            <Icon name="key" />
            <span>Forget the key</span>
          </button>
        )}
      </div>
      {state.is === 'opening' && (
        <div class="working" role="status">
          <span class="spinner" />
          <span>Opening the snapshot{state.progress.bytes > 0 && `: ${formatBytes(state.progress.bytes)} read, ${formatCount(state.progress.entries, 'entry', 'entries')} so far`} …</span>
        </div>
      )}
      {state.is === 'locked' && <KeyForm place={place} error={state.error} opened={() => void openSnapshot(place, snapshot, true)} />}
      {state.is === 'failed' && <Problem error={state.error} again={() => void openSnapshot(place, snapshot, true)} />}
      {state.is === 'open' && (
        <>
          <Provenance facts={state.facts} />
          <Browser key={`${snapshot} ${words === '' ? folder : ''} ${words}`} address={address} snapshot={snapshot} folder={folder} words={words} target={target} />
        </>
      )}
      <RestorePanel />
    </div>
  );
}

function Trail({ address, snapshot, folder, query }: { address: BackupAddress; snapshot: string; folder: string; query: Record<string, string> }) {
  const parts = folder === '' ? [] : folder.split('/');
  const list = useRef<HTMLOListElement>(null);
  // On a narrow page the end is what matters.
  useLayoutEffect(() => {
    list.current!.scrollLeft = list.current!.scrollWidth;
  });
  return (
    <nav class="breadcrumbs" aria-label="Where this is">
      <ol ref={list}>
        <li>
          <a href={hashOf('backups', [''])}>Backups</a>
        </li>
        <li>
          <Icon name="right" />
          <a href={hrefOfBackup(address)} class="cut">
            {address.name}
          </a>
        </li>
        <li>
          <Icon name="right" />
          <a href={hrefInSnapshot(address, snapshot, '', query)} class="cut" aria-current={parts.length === 0 ? 'page' : undefined}>
            {snapshot}
          </a>
        </li>
        {parts.map((part, index) => (
          <li key={parts.slice(0, index + 1).join('/')}>
            <Icon name="right" />
            <a href={hrefInSnapshot(address, snapshot, parts.slice(0, index + 1).join('/'), query)} class="cut" aria-current={index === parts.length - 1 ? 'page' : undefined}>
              {shown(part)}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}
