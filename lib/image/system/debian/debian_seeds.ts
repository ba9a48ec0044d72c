import { dirname, join } from "@std/path";
import { root } from "../../../base/files/paths.ts";
import { proxyVariables } from "../../../guest/proxy/proxy_environment.ts";
import { type CpioEntry, directory, file, packCpio } from "../../format/cpio.ts";
import type { Seed, SystemSeeds } from "../guest_system.ts";
import { debianCommands } from "./debian_commands.ts";

/** The program in the guest that quiesces and corrects it. */
const RESUME = "provision/resume.pl";

/** A file of sudo's configuration that lets it pass the proxy on, for `sudo apt-get install`. */
export const SUDOERS = `Defaults env_keep += "${Object.keys(proxyVariables(1)).join(" ")}"\n`;

/** The file `/etc/hosts` of a guest. */
export const hostsText = (hostname: string): string =>
  [
    "127.0.0.1 localhost",
    "::1 localhost ip6-localhost ip6-loopback",
    `127.0.1.1 ${hostname}`,
    "",
  ].join("\n");

/** What Debian's guests bring along. Of its images, none holds a key: they are the same for all. */
export const debianSeeds: SystemSeeds = {
  run: (seed) => packCpio(seedEntries(seed)),
  warm: {
    resume: packResume,
    resumeService: "guesthouse-resume",
    inputs: [
      { name: "sudoers", value: SUDOERS },
      { name: RESUME, file: join(root, RESUME) },
    ],
  },
};

/** The files of a run's seed, below `seed/`. */
export const seedEntries = (seed: Seed): CpioEntry[] => [
  ...ownEntries(seed),
  ...PROXY,
  ...trustEntries(seed),
];

function ownEntries(seed: Seed): CpioEntry[] {
  const home = `seed${debianCommands.home(seed.user)}`;
  return [
    ...["seed", "seed/etc", "seed/etc/ssh", "seed/home", home].map((path) => directory(path)),
    directory(`${home}/.ssh`, 0o700),
    file("seed/etc/hostname", `${seed.hostname}\n`),
    file("seed/etc/hosts", hostsText(seed.hostname)),
    file("seed/etc/ssh/ssh_host_ed25519_key", seed.hostKey.secret, 0o600),
    file("seed/etc/ssh/ssh_host_ed25519_key.pub", seed.hostKey.public),
    file(`${home}/.ssh/authorized_keys`, seed.authorizedKeys, 0o600),
  ];
}

const PROXY: readonly CpioEntry[] = [
  directory("seed/etc/sudoers.d"),
  file("seed/etc/sudoers.d/guesthouse-proxy", SUDOERS, 0o440),
];

const HOST_CERTIFICATES = "/usr/local/share/ca-certificates/guesthouse-host.crt";

/** As update-ca-certificates does, which takes seconds under emulation: before SSH answers. */
const TRUST = [
  "[Service]",
  `ExecStartPre=/bin/sh -c 'mkdir -p ${dirname(debianCommands.certificates)} && ` +
  `cat ${HOST_CERTIFICATES} >>${debianCommands.certificates}'`,
  "",
].join("\n");

function trustEntries({ certificates }: Seed): CpioEntry[] {
  if (certificates === "") return [];
  const unit = "seed/etc/systemd/system/guesthouse-ssh.service.d";
  return [
    ...["seed/usr", "seed/usr/local", "seed/usr/local/share"].map((path) => directory(path)),
    directory(`seed${dirname(HOST_CERTIFICATES)}`),
    file(`seed${HOST_CERTIFICATES}`, certificates),
    ...[dirname(dirname(unit)), dirname(unit), unit].map((path) => directory(path)),
    file(`${unit}/certificates.conf`, TRUST),
  ];
}

/** The resume service, as files that the initramfs copies into the root. */
async function packResume(): Promise<Uint8Array<ArrayBuffer>> {
  const unit = [
    "[Unit]",
    "Description=Save and resume",
    "DefaultDependencies=no",
    "Conflicts=shutdown.target",
    "[Service]",
    "Type=exec",
    "ExecStartPre=/sbin/modprobe virtio_console",
    "ExecStart=/usr/local/sbin/guesthouse-resume",
    "StandardError=tty",
    "TTYPath=/dev/console",
    "",
  ].join("\n");
  const directories = [
    ...["seed", "seed/usr", "seed/usr/local", "seed/usr/local/sbin"],
    ...["seed/etc", "seed/etc/systemd", "seed/etc/systemd/system"],
  ];
  const program = await Deno.readTextFile(join(root, RESUME));
  return packCpio([
    ...directories.map((path) => directory(path)),
    file("seed/usr/local/sbin/guesthouse-resume", program, 0o755),
    file("seed/etc/systemd/system/guesthouse-resume.service", unit),
  ]);
}
