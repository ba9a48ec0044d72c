import type { OnNote } from "../guest/connect_guest.ts";
import type { LaunchedGuest, LaunchPlan } from "./launch_guest.ts";
import type { SnapshotShape } from "./snapshot_recipe.ts";

/** The name of the socket of the agent's port. */
export const AGENT_SOCKET = "agent";

/** A guest that can be booted until it answers. */
export interface LoginPlan<Session extends AsyncDisposable> extends LaunchPlan {
  /** Waits until the guest that boots answers. */
  readonly logIn: (launched: LaunchedGuest) => Promise<Session>;
}

/** A guest that can be started, from a snapshot or by booting it. */
export interface GuestPlan<Session extends AsyncDisposable> extends LoginPlan<Session> {
  readonly snapshot: SnapshotPlan<Session>;
}

/** A guest whose system may have no way to be saved. */
export type OpenPlan<Session extends AsyncDisposable> =
  & LoginPlan<Session>
  & Partial<Pick<GuestPlan<Session>, "snapshot">>;

/** How a guest is saved and comes from snapshots. */
export interface SnapshotPlan<Session extends AsyncDisposable> {
  readonly shape: SnapshotShape;
  /** Directory of the image that it is made of. */
  readonly imageDir: string;
  /** The guest that is saved: without what belongs to one project or task. */
  readonly saved: LoginPlan<Session>;
  /** Brings a booted guest to rest for saving, and ends the session. */
  readonly rest: (launched: LaunchedGuest, session: Session) => Promise<void>;
  /** Gives a resumed guest its own time and random numbers, and logs in. `mark` logs moments. */
  readonly resume: (
    launched: LaunchedGuest,
    timeoutMs: number,
    mark: (moment: string) => void,
  ) => Promise<Session>;
}

export interface OpenHow {
  /** Boot, even if there is a snapshot to start from. */
  readonly cold?: boolean;
  /** Told how the start goes, for a log. */
  readonly onNote?: OnNote;
}

/** A guest that answers. Disposal ends it and removes everything of it. */
export interface OpenedGuest<Session> extends LaunchedGuest {
  readonly session: Session;
  /** Whether it came from a snapshot that an earlier task had saved. */
  readonly start: "cold" | "warm";
  /** Seconds until it answered. */
  readonly bootSeconds: number;
}
