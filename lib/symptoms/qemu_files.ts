import { ONE_AT_A_TIME, REBUILD, symptoms } from "./symptom.ts";

const FREE_PORT = 'set the platform\'s ssh port to "auto" for a free one';

/** Resources that are already in use. */
export const QEMU_SHARING = symptoms({ where: ["qemu"], endsBoot: true }, [
  {
    id: "port-taken",
    patterns: [/Could not set up host forwarding rule '(?:tcp|udp):[^:]*:(?<port>\d+)-/],
    says: "Could not set up host forwarding rule 'tcp:127.0.0.1:…-:22'",
    title: "port {port} of this host is already in use",
    cause: "Another program, or another guest, is listening on the requested port.",
    fix: ["ss -ltnp 'sport = :{port}'", "lsof -nP -iTCP:{port} -sTCP:LISTEN", "deno task vm-list"],
    next: "ss -ltnp 'sport = :{port}' (on macOS lsof -nP -iTCP:{port} -sTCP:LISTEN), or " +
      FREE_PORT,
  },
  {
    id: "address-in-use",
    patterns: [/Failed to find an available port|Address already in use/],
    says: "Address already in use",
    title: "a port of this host is already in use",
    cause: "Another program, or another guest, is listening on it.",
    fix: ["ss -ltnp", "deno task vm-list"],
    next: FREE_PORT,
  },
  {
    id: "image-locked",
    patterns: [/Failed to get "(?:write|consistent read|shared "write")" lock/],
    says: 'Failed to get "write" lock',
    title: "another QEMU is using the same disk image",
    cause:
      "A guest of a killed task is still running, in which case vm-list removes it, or another " +
      "program has the image open.",
    fix: ["deno task vm-list", "deno task vm-stop --all"],
  },
  {
    id: "run-locked",
    patterns: [/cannot create PID file: Cannot lock pid file/],
    says: "cannot create PID file: Cannot lock pid file",
    title: "another QEMU is using the same run directory",
    cause: "A guest of a killed task is still running; vm-list removes it.",
    fix: ["deno task vm-list"],
  },
]);

/** Images, memory and files. */
export const QEMU_FILES = symptoms({ where: ["qemu"], endsBoot: true }, [
  {
    id: "image-truncated",
    patterns: [
      /Could not read (?:L1 table|L2 table|refcount table|snapshots?|qcow2 header)/,
      /[Ii]mage is (?:too small|truncated)|unexpected end of file/i,
    ],
    says: "Could not read L1 table",
    title: "its disk image is truncated",
    cause: "A copy or a download did not finish, or the disk was full.",
    fix: [REBUILD, "df -h"],
  },
  {
    id: "image-damaged",
    patterns: [/Image is not in qcow2 format|[Ii]mage is corrupt|qcow2: Marking image as corrupt/],
    says: "Image is not in qcow2 format",
    title: "its disk image is damaged",
    cause: "The file is not an image, or another program than QEMU has changed it.",
    fix: [REBUILD],
  },
  {
    id: "backing-file",
    patterns: [/Could not open backing file/],
    says: "Could not open backing file",
    title: "the image behind its overlay cannot be opened",
    cause: "The base image was moved or removed while an overlay of it was in use.",
    fix: [REBUILD, "deno task gc"],
  },
  {
    id: "host-memory-low",
    patterns: [/cannot set up guest memory|[Cc]annot allocate memory/],
    says: "cannot set up guest memory",
    title: "this host does not have enough free memory for it",
    cause: "QEMU allocates all of the guest's memory when it starts.",
    fix: [ONE_AT_A_TIME, "free -m"],
    next: "lower the guest's memory, or run fewer guests at once with --jobs 1",
  },
  {
    id: "host-disk-full",
    patterns: [/No space left on device/],
    says: "qemu-system-…: …: No space left on device",
    where: ["qemu", "host"],
    endsBoot: false,
    title: "a disk of this host is full",
    cause: "Overlays, snapshots and logs grow while guests run.",
    fix: ["df -h", "deno task gc"],
  },
]);

/** General symptoms, for which no other symptom of QEMU is more specific. */
export const QEMU_OTHER = symptoms({ where: ["qemu"], endsBoot: true }, [
  {
    id: "file-unopened",
    patterns: [/Could not open '(?<path>[^']*)': (?<reason>.*)/],
    says: "Could not open '…': …",
    title: '"{path}" cannot be opened: {reason}',
    cause: "The file does not exist, or the user may not read or write it.",
    fix: ["ls -l {path}"],
  },
  {
    id: "socket-unbound",
    patterns: [/Failed to bind socket to (?<path>.*): (?<reason>.*)/],
    says: "Failed to bind socket to …",
    title: 'the socket "{path}" cannot be created: {reason}',
    cause: "Its directory is missing or not writable; sockets are in $XDG_RUNTIME_DIR or /tmp.",
    fix: ["ls -l {path}", 'ls -ld "${XDG_RUNTIME_DIR:-/tmp}"'],
  },
  {
    id: "qemu-terminated",
    patterns: [/terminating on signal (?<signal>\d+) from pid (?<pid>\d+)/],
    says: "terminating on signal … from pid …",
    endsBoot: false,
    role: "hint",
    title: "QEMU was told to end (signal {signal})",
    cause:
      "A task ends its guest with a signal if nothing else helps; otherwise somebody else did.",
    fix: ["deno task vm-list"],
  },
]);
