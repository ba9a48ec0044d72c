/**
 * Catches errors that nothing else catches, such as rejected promises, until disposed: Deno would
 * end the process at once and leave guests and locks behind.
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
