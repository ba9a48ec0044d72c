import type { GuestCommands } from "./guest_commands.ts";

/** The guest's clock is set if it is off by more than the time that connecting takes. */
const SLACK_SECONDS = 5;

/** Shell text that sets the guest's clock if the host was asleep, checked without a process. */
export function setClockText(seconds: number, { asRoot }: Pick<GuestCommands, "asRoot">): string {
  return `d=$((${seconds}-\${EPOCHSECONDS:-$(date +%s)})); [ "\${d#-}" -le ${SLACK_SECONDS} ] || ` +
    `${asRoot(["date"]).join(" ")} -u -s "@${seconds}" >/dev/null`;
}

/** The host's time, in seconds since 1970. */
export const nowSeconds = (): number => Math.round(Date.now() / 1000);
