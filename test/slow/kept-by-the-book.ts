/** A policy of retention as its documentation says it, written for nothing but being read: what bat keeps is held to it. */

export interface Made {
  id: string;
  time: Date;
  tags: readonly string[];
  protected: boolean;
}

interface Policy {
  last?: number;
  hourly?: number;
  daily?: number;
  weekly?: number;
  monthly?: number;
  yearly?: number;
  /** Days. */
  within?: number;
  keepTags?: readonly string[];
}

/** `made`: what there was before, oldest first, the new one last. */
export function keptByTheBook(made: readonly Made[], policy: Policy, timezone: string): string[] {
  const kept = new Set<string>();
  const newestFirst = made.toReversed();
  const newest = newestFirst[0]!;
  kept.add(newest.id);
  for (const { id } of newestFirst.slice(0, policy.last ?? 0)) kept.add(id);
  for (const { id, time, tags, protected: isProtected } of made) {
    if (isProtected || tags.some((tag) => policy.keepTags?.includes(tag))) kept.add(id);
    if (policy.within !== undefined && newest.time.getTime() - time.getTime() <= policy.within * 86_400_000) kept.add(id);
  }
  const rules: [most: number | undefined, nameOf: (clock: string) => string][] = [
    [policy.hourly, (clock) => clock.slice(0, 13)],
    [policy.daily, (clock) => clock.slice(0, 10)],
    [policy.weekly, (clock) => mondayBefore(clock.slice(0, 10))],
    [policy.monthly, (clock) => clock.slice(0, 7)],
    [policy.yearly, (clock) => clock.slice(0, 4)],
  ];
  for (const [most = 0, nameOf] of rules) {
    const newestOf = new Map<string, string>();
    for (const { id, time } of newestFirst) {
      const name = nameOf(wallClock(time, timezone));
      if (!newestOf.has(name)) newestOf.set(name, id);
    }
    for (const id of [...newestOf.values()].slice(0, most)) kept.add(id);
  }
  return [...kept].sort();
}

/** `2026-11-18 14:05:00`: Swedes write their dates so. */
function wallClock(time: Date, timezone: string): string {
  return time.toLocaleString('sv-SE', { timeZone: timezone });
}

function mondayBefore(date: string): string {
  const day = new Date(`${date}T12:00:00Z`);
  while (day.getUTCDay() !== 1) day.setUTCDate(day.getUTCDate() - 1);
  return day.toISOString().slice(0, 10);
}
