export type Sound = "new" | "ready" | "changed" | "void" | "error";

/** Frequency in Hz, start and length in s. Sines only: heard through a fan, never shrill. */
const NOTES: Record<Sound, [number, number, number][]> = {
  new: [[523, 0, 0.16], [784, 0.17, 0.28]],
  ready: [[659, 0, 0.12], [659, 0.16, 0.12], [880, 0.32, 0.34]],
  changed: [[587, 0, 0.14], [494, 0.16, 0.14], [587, 0.32, 0.22]],
  void: [[392, 0, 0.22], [294, 0.24, 0.4]],
  error: [[220, 0, 0.14], [196, 0.18, 0.24]],
};

/** Makes the sounds, and knows whether the browser lets it. */
export class Sounds {
  private context: AudioContext | null = null;
  private last: Partial<Record<Sound, number>> = {};
  blocked = true;
  private readonly changed: () => void;

  constructor(changed: () => void) {
    this.changed = changed;
    if (typeof AudioContext === "undefined") return;
    this.context = new AudioContext();
    this.context.onstatechange = () => this.look();
    this.look();
  }

  private look(): void {
    const blocked = this.context?.state !== "running";
    if (blocked === this.blocked) return;
    this.blocked = blocked;
    this.changed();
  }

  /** Called from a gesture, where browsers allow sound. */
  unlock(): void {
    if (this.context && this.context.state !== "running") void this.context.resume().then(() => this.look(), () => undefined);
  }

  play(sound: Sound, volume: number): void {
    const context = this.context;
    if (!context || context.state !== "running" || volume <= 0) return;
    const now = context.currentTime;
    // Ten orders at once are one sound.
    if (now - (this.last[sound] ?? -1) < 0.8) return;
    this.last[sound] = now;
    for (const [frequency, start, length] of NOTES[sound]) {
      const oscillator = context.createOscillator();
      const gain = context.createGain();
      const at = now + start;
      oscillator.frequency.value = frequency;
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(volume * 0.6, at + 0.015);
      gain.gain.setValueAtTime(volume * 0.6, at + length * 0.6);
      gain.gain.linearRampToValueAtTime(0, at + length);
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(at);
      oscillator.stop(at + length + 0.02);
      oscillator.onended = () => gain.disconnect();
    }
  }
}
