import { converse, type Expected } from "../../../guest/expect.ts";
import { RootShell } from "../../../guest/root_shell.ts";
import type { Patience, SerialConsole } from "../../../guest/serial_console.ts";

/** What stands above every prompt of getty: the system, its host's name and the terminal. */
const BANNER = /^(?:FreeBSD|NetBSD)\/\S+ \(.*\) \(\S+\)$/;

/** What the console of a BSD shows that has stopped on its way to a login. */
const STOPPED: readonly Expected[] = [
  { prompt: /^mountroot>$/, fault: "its kernel found no root file system" },
  { prompt: /^root device(?: \(.*\))?:$/, fault: "its kernel found no root file system" },
  { prompt: /^db(?:\{\d+\})?>$/, fault: "its kernel has stopped in the debugger" },
  { prompt: /^OK$/, fault: "its boot loader has stopped and waits for commands" },
];

/**
 * Waits for a BSD to boot and logs in as root, who has no password in the publishers' images.
 * `loader` says what is typed at a boot loader. Throws `GuestError`.
 */
export async function logIn(
  console: SerialConsole,
  patience: Patience,
  loader: readonly Expected[] = [],
): Promise<RootShell> {
  await converse(console, {
    ...{ ...patience, what: "log in as root", wanted: "prompt of root's shell" },
    // From here on a key does not stop a boot loader.
    nudgeAfter: BANNER,
    expect: [
      ...loader,
      {
        ...{ prompt: /^login:$/, after: BANNER, answer: "root" },
        refused: "the login prompt came again, so root cannot log in",
      },
      { prompt: /^Password:$/i, after: /^login: root$/, fault: "root has a password" },
      { line: /^Login incorrect$/, fault: "root cannot log in without a password" },
      ...STOPPED,
      { prompt: /[#%]$/, done: true },
    ],
  });
  return await RootShell.take(console);
}
