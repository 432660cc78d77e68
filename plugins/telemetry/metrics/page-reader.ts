import { MetricReader, type MetricProducer } from '@opentelemetry/sdk-metrics';

/** ms */
const DRAIN_INTERVAL = 60_000;

/**
 * Reads when a page is asked for. Beside another reader the SDK keeps all that the other has read until this one reads
 * too; `drains` has it read now and then, for a gateway whose page nobody asks for.
 */
export class PageReader extends MetricReader {
  readonly #drains: boolean;
  #timer: NodeJS.Timeout | undefined;

  constructor(drains: boolean, producer: MetricProducer) {
    super({ metricProducers: [producer] });
    this.#drains = drains;
  }

  protected override onInitialized(): void {
    if (!this.#drains) return;
    // What observing fails for is in the answer to whoever asks for the page.
    this.#timer = setInterval(() => void this.collect(), DRAIN_INTERVAL).unref();
  }

  protected override async onShutdown(): Promise<void> {
    clearInterval(this.#timer);
  }

  protected override async onForceFlush(): Promise<void> {}
}
