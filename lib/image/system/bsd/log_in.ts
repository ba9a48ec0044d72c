import { converse, type Expected, type SerialStep } from "../../../guest/expect.ts";
import { RootShell } from "../../../guest/root_shell.ts";
import type { Patience, SerialConsole } from "../../../guest/serial_console.ts";

/** What stands above every prompt of getty: the system, its host's name and the terminal. */
const BANNER = /^(?:FreeBSD|NetBSD)\/\S+ \(.*\) \(\S+\)$/;

/** What a BSD shows that has stopped on its way to a login, besides what is a known symptom. */
const STOPPED: readonly Expected[] = [
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
  await converse(console, { ...loginStep(loader), ...patience });
  return await RootShell.take(console);
}

/** What a BSD's console shows from its start to root's shell, and what is typed there. */
export const loginStep = (loader: readonly Expected[]): Omit<SerialStep, "limitMs"> => ({
  ...{ what: "log in as root", wanted: "prompt of root's shell" },
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
