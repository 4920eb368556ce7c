import { formatBytes, formatCount } from '../../src/core/units.ts';
import { Icon, type IconName } from '../parts/icons.tsx';
import { Problem } from '../parts/problem.tsx';
import { Working } from '../parts/working.tsx';
import { getOverview, hrefOfBackup, type Overview } from './api.ts';
import { useLoaded } from './load.ts';
import { RunCalendar } from './plan/run-calendar.tsx';
import { drillWords, formatAgo, outcomeWords, verifyWords } from './words.ts';

/** All backups that the server knows, with how they are. */
export function OverviewPage() {
  const { state, again } = useLoaded('overview', getOverview);
  const loaded = state.value;
  return (
    <div class="backups">
      <h1>Backups</h1>
      {loaded.is === 'loading' && <Working label="Looking at the backups" />}
      {loaded.is === 'failed' && <Problem error={loaded.error} again={again} />}
      {loaded.is === 'there' && loaded.value.length === 0 && (
        <p class="empty">
          There are no backups yet. Plans of this machine are shown that <code>plans:</code> names in the settings of the server, and what other machines keep here with a target of the type <code>http</code>.
        </p>
      )}
      {loaded.is === 'there' && loaded.value.map((backup) => <BackupCard key={`${backup.kind} ${backup.name}`} backup={backup} />)}
    </div>
  );
}

function BackupCard({ backup }: { backup: Overview }) {
  const { kind, name, problem, snapshots, calendar } = backup;
  return (
    <section class="backup-card" aria-label={`${kind} ${name}`}>
      <div class="backup-head">
        <h2 class="cut">
          <a href={hrefOfBackup(backup)}>{name}</a>
        </h2>
        <span class="quiet-text">{kind === 'plan' ? 'plan of this machine' : 'kept here by another bat'}</span>
      </div>
      {problem && <Doubt text={problem.message} hint={problem.hint} />}
      <ul class="facts">
        <LastRun backup={backup} />
        <li>
          <Icon name="list" />
          {snapshots === null ? 'Snapshots: not known' : snapshots === 0 ? 'No snapshots' : `${formatCount(snapshots, 'snapshot')}, the newest ${formatAgo(backup.newest!)}`}
        </li>
        {kind === 'plan' ? <Health backup={backup} /> : <StoreSpace backup={backup} />}
      </ul>
      {calendar.days.length > 0 && <RunCalendar calendar={calendar} />}
    </section>
  );
}

export function LastRun({ backup: { lastRun, kind } }: { backup: Overview }) {
  if (!lastRun) return <Fact icon="calendar" text={kind === 'plan' ? 'No run is known' : 'Who ran last is not known'} />;
  const ago = formatAgo(lastRun.ended ?? lastRun.started);
  if (lastRun.outcome === 'known') return <Fact icon="calendar" text={`Last run began ${ago}; how it ended is not known here`} />;
  const isGood = lastRun.outcome === 'done';
  return <Fact icon={isGood ? 'check' : 'warning'} tone={isGood ? 'good' : lastRun.outcome === 'failed' ? 'bad' : 'warn'} text={`Last run ${ago}: ${outcomeWords[lastRun.outcome]}`} />;
}

function Health({ backup: { targets } }: { backup: Overview }) {
  return (
    <>
      {targets.map(({ id, bytes, verify, drill }) => {
        const isBad = (verify?.damaged ?? 0) > 0 || drill?.isOk === false;
        return <Fact key={id} icon={isBad ? 'warning' : 'shield'} tone={isBad ? 'bad' : undefined} text={`${id}: ${bytes === null ? 'space not known' : formatBytes(bytes)}, ${verifyWords(verify)}, ${drillWords(drill)}`} />;
      })}
    </>
  );
}

function StoreSpace({ backup: { targets } }: { backup: Overview }) {
  const [space] = targets;
  return <Fact icon="shield" text={space?.bytes == null ? 'Space: not known' : `${formatBytes(space.bytes)} in ${formatCount(space.objects!, 'object')}; verifies and drills are not known here`} />;
}

export function Fact({ icon, text, tone }: { icon: IconName; text: string; tone?: 'good' | 'bad' | 'warn' | undefined }) {
  return (
    <li class={tone}>
      <Icon name={icon} />
      <span>{text}</span>
    </li>
  );
}

export function Doubt({ text, hint }: { text: string; hint?: string | undefined }) {
  return (
    <p class="doubt">
      <Icon name="warning" />
      <span>
        {text} {hint && <span class="quiet-text">{hint}</span>}
      </span>
    </p>
  );
}
