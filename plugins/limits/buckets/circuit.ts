/** The pause between two attempts, in ms. */
const PAUSE_MS = 50;

/** Keeps requests from waiting, one after the other, for a store that does not answer. */
export interface Circuit {
  /** True from a failure until an attempt has succeeded: ask nothing of the store. */
  isOpen(): boolean;
  /** Something failed. From now on it is tried in the background, so that no request has to wait for it. */
  open(): void;
  /** Ends the attempts. */
  close(): void;
}

/** @param attempt rejects for as long as the store is of no use */
export function createCircuit(attempt: () => Promise<unknown>): Circuit {
  let opened = false;
  let closed = false;
  let pause: NodeJS.Timeout | undefined;

  function tryAgain(): void {
    attempt().then(
      () => {
        opened = false;
      },
      () => {
        if (!closed) pause = setTimeout(tryAgain, PAUSE_MS).unref();
      },
    );
  }

  return {
    isOpen: () => opened,
    open() {
      if (opened || closed) return;
      opened = true;
      tryAgain();
    },
    close() {
      closed = true;
      clearTimeout(pause);
    },
  };
}
