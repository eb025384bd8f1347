import mqtt, { type MqttClient } from "mqtt";
import type { Identity } from "./settings.ts";

export interface LinkPorts {
  open: () => void;
  closed: () => void;
  refused: () => void;
  message: (topic: string, payload: string) => void;
}

const decoder = new TextDecoder();

/**
 * The connection to the broker. Each attempt is a client of its own: nothing of an old one,
 * neither subscriptions nor messages on their way, outlives it.
 */
export class Link {
  private client: MqttClient | null = null;
  private timer = 0;
  private tries = 0;
  private ended = false;
  private topics = new Set<string>();
  up = false;
  private readonly url: string;
  private readonly identity: Identity;
  private readonly ports: LinkPorts;

  constructor(url: string, identity: Identity, ports: LinkPorts) {
    this.url = url;
    this.identity = identity;
    this.ports = ports;
    this.connect();
  }

  private connect(): void {
    window.clearTimeout(this.timer);
    this.drop();
    if (this.ended) return;
    const client = mqtt.connect(this.url, {
      protocolVersion: 5,
      clientId: `screen-${this.identity.screen}`,
      username: this.identity.screen,
      password: this.identity.secret,
      clean: true,
      keepalive: 10,
      reconnectPeriod: 0,
      connectTimeout: 6000,
      resubscribe: false,
      queueQoSZero: false,
      // The page's policy lets no worker be made of a blob; this page is never in the background.
      timerVariant: "native",
    });
    this.client = client;
    client.on("connect", () => {
      if (client !== this.client) return;
      this.up = true;
      this.tries = 0;
      this.ports.open();
      this.subscribe([...this.topics]);
    });
    client.on("message", (topic, payload) => {
      if (client === this.client) this.ports.message(topic, decoder.decode(payload));
    });
    client.on("error", (error) => {
      if (client !== this.client) return;
      const code = (error as { code?: unknown }).code;
      if (code === 0x86 || code === 0x87 || code === 4 || code === 5) {
        this.end();
        this.ports.refused();
      }
    });
    client.on("close", () => {
      if (client === this.client) this.lost();
    });
  }

  private lost(): void {
    const was = this.up;
    this.drop();
    if (was) this.ports.closed();
    if (this.ended) return;
    const delay = Math.min(4000, 400 * 2 ** Math.min(4, this.tries++)) * (0.75 + Math.random() / 2);
    this.timer = window.setTimeout(() => this.connect(), delay);
  }

  private drop(): void {
    const client = this.client;
    this.client = null;
    this.up = false;
    if (!client) return;
    client.removeAllListeners();
    client.on("error", () => undefined);
    client.end(true);
  }

  private subscribe(topics: string[]): void {
    if (this.up && topics.length > 0) this.client?.subscribe(topics, { qos: 1 }, () => undefined);
  }

  /** The topics from now on; new ones are asked for, others left. */
  want(topics: string[]): void {
    const next = new Set(topics);
    const gone = [...this.topics].filter((topic) => !next.has(topic));
    const fresh = topics.filter((topic) => !this.topics.has(topic));
    this.topics = next;
    if (this.up && gone.length > 0) this.client?.unsubscribe(gone, () => undefined);
    this.subscribe(fresh);
  }

  /** Asks for the retained documents again. */
  refresh(): void {
    this.subscribe([...this.topics]);
  }

  /** Begins a new connection: the old one says nothing any more. */
  restart(): void {
    if (this.up) this.lost();
  }

  publish(topic: string, payload: string): boolean {
    if (!this.up || !this.client) return false;
    this.client.publish(topic, payload, { qos: 1 }, () => undefined);
    return true;
  }

  end(): void {
    this.ended = true;
    window.clearTimeout(this.timer);
    this.drop();
  }
}
