/** What makes a guest's clock and random numbers its own. */
interface HostTime {
  /** Since 1970, UTC. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** 64 unique random bytes. */
  readonly entropy: Uint8Array;
}

/** The time of now, and new random bytes. */
export function hostTime(): HostTime {
  const now = performance.timeOrigin + performance.now();
  const seconds = Math.floor(now / 1000);
  return {
    seconds,
    nanoseconds: Math.floor((now - seconds * 1000) * 1e6),
    entropy: crypto.getRandomValues(new Uint8Array(64)),
  };
}
