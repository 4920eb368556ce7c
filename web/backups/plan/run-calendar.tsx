import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { formatCount } from '../../../src/core/units.ts';
import type { Calendar, Outcome } from '../api.ts';
import { outcomeWords } from '../words.ts';

interface Day {
  /** `2026-11-20` */
  day: string;
  count: number;
  outcome: Outcome | null;
}

const dayNames = new Intl.DateTimeFormat(undefined, { weekday: 'long', timeZone: 'UTC' });
const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeZone: 'UTC' });
const legend: Outcome[] = ['done', 'partly', 'failed', 'unfinished'];

/** A year in weeks: a column a week, a row a weekday. One day has the focus, and the arrows move it. */
export function RunCalendar({ calendar }: { calendar: Calendar }) {
  const { of, days: eventful } = calendar;
  const days = allDays(calendar);
  const lead = weekday(days[0]!.day);
  const at = useSignal(days.length - 1);
  const grid = useRef<HTMLDivElement>(null);
  const focused = days[Math.min(at.value, days.length - 1)]!;
  const count = eventful.reduce((sum, day) => sum + day.count, 0);

  function onKeyDown(event: KeyboardEvent): void {
    const step: Record<string, number> = { ArrowLeft: -7, ArrowRight: 7, ArrowUp: -1, ArrowDown: 1, Home: -days.length, End: days.length };
    const by = step[event.key];
    if (by === undefined) return;
    event.preventDefault();
    at.value = Math.max(0, Math.min(days.length - 1, at.value + by));
    grid.current!.querySelector<HTMLElement>(`[data-day="${days[at.value]!.day}"]`)?.focus();
  }

  return (
    <div class="calendar">
      <div class="calendar-scroll" ref={(element) => void (element && (element.scrollLeft = element.scrollWidth))}>
        <div ref={grid} class="calendar-grid" role="grid" aria-readonly="true" aria-label={`${of === 'runs' ? 'Runs' : 'Snapshots'} of the last year: ${formatCount(count, of === 'runs' ? 'run' : 'snapshot')} on ${formatCount(eventful.length, 'day')}`} onKeyDown={onKeyDown}>
          {Array.from({ length: 7 }, (_, row) => (
            <div key={row} role="row" class="calendar-row" aria-label={dayNames.format(new Date(Date.UTC(2024, 0, 1 + row)))}>
              {row < lead && <span class="day outside" role="gridcell" aria-hidden="true" />}
              {days.map((day, index) =>
                (lead + index) % 7 === row ? (
                  <span key={day.day} role="gridcell" class={`day ${day.count === 0 ? 'none' : (day.outcome ?? 'known')}`} data-day={day.day} tabIndex={index === at.value ? 0 : -1} aria-label={wordsOf(day, of)} title={wordsOf(day, of)} onFocus={() => (at.value = index)} />
                ) : null,
              )}
            </div>
          ))}
        </div>
      </div>
      <div class="calendar-foot quiet-text">
        <span>{wordsOf(focused, of)}</span>
        {of === 'runs' && (
          <span class="legend" aria-hidden="true">
            {legend.filter((outcome) => outcome === 'done' || eventful.some((day) => day.outcome === outcome)).map((outcome) => (
              <span key={outcome}>
                <i class={`day ${outcome}`} /> {outcome === 'unfinished' ? 'not finished' : outcomeWords[outcome]}
              </span>
            ))}
          </span>
        )}
      </div>
    </div>
  );
}

function allDays({ from, to, days }: Calendar): Day[] {
  const known = new Map(days.map((day) => [day.day, day]));
  const all: Day[] = [];
  for (let time = Date.parse(from); time <= Date.parse(to); time += 86_400_000) {
    const day = new Date(time).toISOString().slice(0, 10);
    all.push(known.get(day) ?? { day, count: 0, outcome: null });
  }
  return all;
}

/** 0 for Monday. */
function weekday(day: string): number {
  return (new Date(day).getUTCDay() + 6) % 7;
}

function wordsOf({ day, count, outcome }: Day, of: Calendar['of']): string {
  const what = of === 'runs' ? 'run' : 'snapshot';
  const date = dates.format(new Date(day));
  if (count === 0) return `${date}: no ${what}`;
  if (!outcome) return `${date}: ${formatCount(count, what)}`;
  return `${date}: ${formatCount(count, what)}, ${count === 1 ? '' : outcome === 'done' ? 'all ' : 'the worst '}${outcomeWords[outcome]}`;
}
