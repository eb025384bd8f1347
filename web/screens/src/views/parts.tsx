import { Component, type ComponentChildren, type JSX } from "preact";
import type { App } from "../app.ts";

const PATHS: Record<string, string> = {
  flame: "M12 2c1 4 6 6 6 12a6 6 0 0 1-12 0c0-3 2-4 3-7 1 1 2 2 2 4 1-2 2-5 1-9z",
  check: "M3 13l3-3 4 4 9-9 3 3-12 12z",
  pause: "M5 3h5v18H5zM14 3h5v18h-5z",
  cross: "M4 7l3-3 5 5 5-5 3 3-5 5 5 5-3 3-5-5-5 5-3-3 5-5z",
  bolt: "M13 1L4 14h6l-2 9 11-14h-7z",
  warning: "M12 1l11 21H1zM10.5 8v7h3V8zM10.5 17v3h3v-3z",
  paper: "M5 1h10l5 5v17H5zM8 10v2h9v-2zM8 15v2h9v-2z",
  clock: "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22zm0 3a8 8 0 1 1 0 16 8 8 0 0 1 0-16zm-1.5 2v7l5 4 2-2.5-4-3V6z",
  hourglass: "M5 1h14v4l-5 7 5 7v4H5v-4l5-7-5-7z",
  send: "M12 2l8 9h-5v11H9V11H4z",
  "dine-in": "M5 1h2v7h1V1h2v7h1V1h2v9l-2 2v11H7V12L5 10zM16 1c4 2 4 8 2 12v10h-3V1z",
  takeaway: "M4 8h16l-1 15H5zM8 8V5a4 4 0 0 1 8 0v3h-2V5a2 2 0 0 0-4 0v3z",
  pickup: "M12 1a5 5 0 1 1 0 10 5 5 0 0 1 0-10zM3 23c0-7 4-10 9-10s9 3 9 10z",
  delivery: "M1 5h13v4h5l4 5v5h-2a3 3 0 0 1-6 0H9a3 3 0 0 1-6 0H1z",
  bar: "M2 2h20l-8 10v8h4v3H6v-3h4v-8z",
  link: "M2 9a15 15 0 0 1 20 0l-2 2.500a12 12 0 0 0-16 0zM6 14a9 9 0 0 1 12 0l-2 2.500a6 6 0 0 0-8 0zM12 17l3 3-3 3-3-3z",
  mute: "M2 8h4l6-6v20l-6-6H2zM15 9l2-2 2.500 2.500L22 7l2 2-2.500 2.500L24 14l-2 2-2.500-2.500L17 16l-2-2 2.500-2.500z",
  change: "M3 8h12V3l7 7-7 7v-5H3zM3 17h8v4H3z",
  ban: "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22zm0 3c2 0 3 .5 4.500 1.500L5.500 16.500A8 8 0 0 1 12 4zm6.500 3.500A8 8 0 0 1 7.500 18.500z",
  dots: "M2 10h5v5H2zM9.500 10h5v5h-5zM17 10h5v5h-5z",
  drop: "M12 1c5 7 7 10 7 14a7 7 0 0 1-14 0c0-4 2-7 7-14z",
  sliders: "M2 5h10V3h4v2h6v3h-6v2h-4V8H2zM2 16h4v-2h4v2h12v3H10v2H6v-2H2z",
  undo: "M9 4v4c9 0 13 5 13 12-3-5-7-6-13-6v4L1 11z",
};

/** A sign, drawn in the colour of the text around it. */
export function Icon({ name }: { name: string }): JSX.Element | null {
  const path = PATHS[name];
  if (path === undefined) return null;
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={path} fill="currentColor" fill-rule="evenodd" />
    </svg>
  );
}

/** Text that somebody typed: isolated, in its own direction. */
export function Typed({ text, class: name }: { text: string; class?: string }): JSX.Element {
  return (
    <bdi dir="auto" class={name ?? ""}>
      {text}
    </bdi>
  );
}

interface ClockProps {
  app: App;
  text: (now: number) => string;
  class?: string;
}

/** Digits that count: they alone change when a second is over. */
export class Clock extends Component<ClockProps, { text: string }> {
  private stop: (() => void) | null = null;

  override state = { text: this.props.text(this.props.app.now()) };

  override componentDidMount(): void {
    this.stop = this.props.app.onTick((now) => this.show(now));
  }

  override componentWillUnmount(): void {
    this.stop?.();
  }

  private show(now: number): void {
    const text = this.props.text(now);
    if (text !== this.state.text) this.setState({ text });
  }

  render(): JSX.Element {
    return <span class={`clock ${this.props.class ?? ""}`}>{this.props.text(this.props.app.now())}</span>;
  }
}

interface ButtonProps {
  label: string;
  icon?: string;
  digit?: string;
  class?: string;
  testid?: string;
  pressed?: boolean;
  onClick: () => void;
  children?: ComponentChildren;
}

export function Button({ label, icon, digit, class: name, testid, pressed, onClick, children }: ButtonProps): JSX.Element {
  return (
    <button type="button" class={`button ${name ?? ""}`} data-testid={testid} aria-pressed={pressed} aria-label={children === undefined ? undefined : label} onClick={onClick}>
      {digit ? <kbd>{digit}</kbd> : null}
      {icon ? <Icon name={icon} /> : null}
      {children ?? <span>{label}</span>}
    </button>
  );
}
