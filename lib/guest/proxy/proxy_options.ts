import type { NetworkRule } from "../../config/network.ts";
import type { Judge, Resolve } from "./proxy_connect.ts";
import type { ProxyRequest } from "./proxy_request.ts";
import type { Upstream } from "./upstream.ts";

/** The outcome of one request. */
export interface Asked {
  readonly verdict: "allowed" | "refused" | "failed";
  /** `HOST:PORT`; `undefined` if the request was malformed. */
  readonly target?: string;
  /** The address that it is connected to, or was tried last. */
  readonly address?: string;
  /** Why not. */
  readonly why?: string;
}

/** What `serveProxy()` takes. */
export interface ProxyOptions {
  /** Path of the Unix socket, in a private directory. */
  readonly path: string;
  readonly rule: NetworkRule;
  /** Called once for each request. */
  readonly onAsked: (asked: Asked) => void;
  /** Default: resolves names like every program of this host. */
  readonly resolve?: Resolve;
  /** Default: only public addresses that are not this host's own. */
  readonly judge?: Judge;
  /** The host's own proxy for a request. Default: that of the environment. */
  readonly upstream?: (request: ProxyRequest) => Upstream | undefined;
  readonly limits?: Partial<ProxyLimits>;
}

/** Limits on a guest's use of the host. */
export interface ProxyLimits {
  /** Connections at a time; further ones wait. */
  readonly connections: number;
  /** How long a client may take to send its request. */
  readonly headMs: number;
  /** How long names and each address may take. */
  readonly connectMs: number;
  /** How long a connection may be silent both ways. */
  readonly idleMs: number;
}
