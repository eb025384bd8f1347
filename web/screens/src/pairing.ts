import type { Identity } from "./settings.ts";

interface Offer {
  pairing: string;
  claim: string;
  code: string;
  expires_s: number;
  fingerprint?: string | null;
}

/** Asks to be admitted, shows a code, and waits. */
export class Pairing {
  offer: Offer | null = null;
  unreachable = false;
  private until = 0;

  constructor(
    panel: { width_px: number; height_px: number; diagonal_in: number },
    language: string | null,
    changed: () => void,
    admitted: (identity: Identity) => void,
  ) {
    void this.run(panel, language, changed, admitted);
  }

  /** How long the code is still valid, in ms. */
  left(): number {
    return Math.max(0, this.until - performance.now());
  }

  private async run(panel: object, language: string | null, changed: () => void, admitted: (identity: Identity) => void): Promise<void> {
    for (;;) {
      try {
        if (!this.offer || this.left() === 0) {
          const response = await fetch("/api/pairing", {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ panel, language }),
          });
          if (!response.ok) throw new Error(String(response.status));
          this.offer = (await response.json()) as Offer;
          this.until = performance.now() + this.offer.expires_s * 1000;
          this.unreachable = false;
          changed();
        }
        const response = await fetch(`/api/pairing/${encodeURIComponent(this.offer.pairing)}`, {
          headers: { authorization: `Bearer ${this.offer.claim}` },
          cache: "no-store",
        });
        if (response.status >= 400 && response.status < 500 && response.status !== 429) {
          this.offer = null;
          throw new Error(String(response.status));
        }
        if (!response.ok) throw new Error(String(response.status));
        const state = (await response.json()) as { state: string; screen?: string; secret?: string };
        this.unreachable = false;
        if (state.state === "admitted" && state.screen !== undefined && state.secret !== undefined) {
          admitted({ screen: state.screen, secret: state.secret });
          return;
        }
        if (state.state === "expired") this.offer = null;
        changed();
      } catch {
        this.unreachable = true;
        changed();
        await new Promise((done) => window.setTimeout(done, 2000));
      }
    }
  }
}
