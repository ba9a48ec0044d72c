/** Why a connection did not come up. */
export type SshReason =
  | "aborted-handshake"
  | "algorithms"
  | "banner-timeout"
  | "booting"
  | "closed"
  | "config"
  | "denied"
  | "host-key"
  | "refused"
  | "timeout"
  | "unknown"
  | "unreachable";
