/**
 * Catches errors that nothing else catches: a rejected promise, an exception in a timer or an event
 * listener. Deno would print a stack trace and end the process at once, leaving guests and locks
 * behind.
 *
 * @param onCrash called with each such error
 * @returns dispose it to restore Deno's own behaviour
 */
export function listenForCrashes(onCrash: (error: unknown) => void): Disposable {
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    onCrash(event.reason);
  };
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    onCrash(event.error);
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  globalThis.addEventListener("error", onError);
  return {
    [Symbol.dispose]() {
      globalThis.removeEventListener("unhandledrejection", onRejection);
      globalThis.removeEventListener("error", onError);
    },
  };
}
