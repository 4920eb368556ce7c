import { useRef } from 'preact/hooks';
import { Icon, type IconName } from './icons.tsx';

export interface Choice {
  label: string;
  icon: IconName;
  danger?: boolean;
  /** What to do, or an address: a link. */
  act?: () => void;
  href?: string;
  download?: boolean;
}

interface MenuProps {
  label: string;
  choices: Choice[];
  tabIndex?: number;
}

/** A button with three points, and what can be done. */
export function Menu({ label, choices, tabIndex = 0 }: MenuProps) {
  const list = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  function open(): void {
    const menu = list.current!;
    menu.showPopover();
    const place = button.current!.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = menu;
    menu.style.left = `${Math.max(8, Math.min(place.right - width, innerWidth - width - 8))}px`;
    menu.style.top = `${place.bottom + height + 8 > innerHeight ? Math.max(8, place.top - height - 4) : place.bottom + 4}px`;
    button.current!.setAttribute('aria-expanded', 'true');
    choicesIn(menu)[0]?.focus();
  }

  function close(): void {
    list.current!.hidePopover();
    button.current!.focus();
  }

  function onKeyDown(event: KeyboardEvent): void {
    const all = choicesIn(list.current!);
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    event.stopPropagation();
    if (event.key === 'Escape' || event.key === 'Tab') {
      event.preventDefault();
      close();
    }
    if (to === undefined) return;
    event.preventDefault();
    all[to % all.length]?.focus();
  }

  return (
    <>
      <button ref={button} type="button" class="quiet small menu-button" aria-haspopup="menu" aria-expanded="false" aria-label={label} tabIndex={tabIndex} onClick={open}>
        <Icon name="more" />
      </button>
      <div
        ref={list}
        class="menu"
        role="menu"
        aria-label={label}
        popover="auto"
        onKeyDown={onKeyDown}
        onToggle={(event) => {
          if (event.newState === 'closed') button.current?.setAttribute('aria-expanded', 'false');
        }}
      >
        {choices.map((choice) => (
          <ChoiceItem key={choice.label} choice={choice} close={close} />
        ))}
      </div>
    </>
  );
}

function ChoiceItem({ choice: { label, icon, danger, act, href, download }, close }: { choice: Choice; close(): void }) {
  const inside = (
    <>
      <Icon name={icon} />
      <span>{label}</span>
    </>
  );
  if (href) {
    return (
      <a role="menuitem" class="choice" tabIndex={-1} href={href} download={download} onClick={close}>
        {inside}
      </a>
    );
  }
  return (
    <button
      type="button"
      role="menuitem"
      class={danger ? 'choice danger-text' : 'choice'}
      tabIndex={-1}
      onClick={() => {
        close();
        act?.();
      }}
    >
      {inside}
    </button>
  );
}

const choicesIn = (menu: HTMLElement): HTMLElement[] => [...menu.querySelectorAll<HTMLElement>('[role=menuitem]')];
