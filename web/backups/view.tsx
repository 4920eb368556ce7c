import { OverviewPage } from './overview-page.tsx';
import { BackupPage } from './plan/backup-page.tsx';
import { SnapshotPage } from './snapshot/snapshot-page.tsx';
import type { ViewProps } from '../shell/views.ts';
import { fromAddress, type BackupKind } from './api.ts';

const kinds: Readonly<Record<string, BackupKind>> = { plans: 'plan', stores: 'store' };

/** `#/backups/` all of them, `#/backups/plans/nas/` one, `#/backups/plans/nas/<snapshot>/photos/2024/` a folder in a snapshot. */
export default function BackupsView({ path, query }: ViewProps) {
  const [written = '', name = '', snapshot = '', ...rest] = path;
  const kind = kinds[written];
  if (!kind || name === '') return <OverviewPage />;
  const address = { kind, name };
  if (snapshot === '') return <BackupPage key={`${kind} ${name}`} address={address} />;
  const folder = fromAddress(rest.filter((part) => part !== '').join('/'));
  return <SnapshotPage address={address} snapshot={snapshot} folder={folder} words={query.get('q') ?? ''} target={query.get('target')} />;
}
