// What tasks may do. After a change: deno task permissions, which writes the sets of deno.json.
import { ARCH, ARCHS, MICRO_ARCHS } from "../lib/config/archs.ts";
import { definePermissions } from "../lib/config/permissions.ts";

/** What is there for each architecture of guests. */
const EMULATORS = [...new Set(ARCHS.map((arch) => ARCH[arch].qemu.system))];
const CROSS_STRIPS = MICRO_ARCHS.map((arch) => `${ARCH[arch].gnu}-strip`);

/** Where packages have rustup: Deno looks names up when it starts, before they are installed. */
const RUSTUP_PLACES = ["/opt/homebrew/opt/rustup/bin/rustup", "/usr/bin/rustup"];

/** Where temporary files and sockets go: on Linux, on macOS. */
const TEMP = ["/run/user", "/tmp", "/var/tmp", "/var/folders"];
/** Where things are kept that do not lie in the checkout. */
const PLACES = [
  ...["GUESTHOUSE_IMAGES", "GUESTHOUSE_LOGS", "GUESTHOUSE_SNAPSHOTS", "GUESTHOUSE_STATE"],
];

/** The host's own proxy. */
const UPSTREAM = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"]
  .flatMap((name) => [name, name.toUpperCase()]);
/** The host's own certificates. */
const CERTIFICATES = [
  ...["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"],
  ...["GIT_SSL_CAINFO", "PIP_CERT"],
];

/** Looks after guests that run. */
const LOOK = ["ask", "run", "state", "look"] as const;
/** Takes a guest from an image, or finds it up, and works in it. */
const GUEST = [
  ...[...LOOK, "facts", "log", "signal", "reach", "start", "control", "disk"] as const,
  "tools",
] as const;
/** Makes an image where it is missing. */
const IMAGE = ["clean", "make", "image"] as const;
/** Builds a project in a guest. */
const BUILD = [
  ...[
    ...GUEST,
    ...IMAGE,
    "caller",
    "accel",
    "proxy",
    "trust",
    "project",
    "send",
    "copy",
    "mended",
  ] as const,
  ...["memory", "home", "cache"] as const,
] as const;
const PARTS = ["ask", "run", "state", "log", "make", "clean", "tools"] as const;
/** Looks after the dev guest. */
const DEV = [...LOOK, "facts", "reach", "control"] as const;
/** Ends or changes it, with what it shares. */
const SHARED = ["send", "copy", "mended", "project", "clean", "share"] as const;
const SERVED = [...SHARED, "owner", "serve", "store"] as const;

export default definePermissions({
  classes: {
    ask: {
      why: "every task, which says which place is full or another user's",
      env: [...PLACES, "TMPDIR", "XDG_RUNTIME_DIR"],
      sys: ["statfs", "uid"],
    },
    caller: { why: "paths as its user sees them", env: ["INIT_CWD"] },
    accel: { why: "the user's choice of an accelerator", env: ["GUESTHOUSE_ACCEL"] },
    checkout: { why: "reads the checkout, and nothing else", read: ["."] },
    schema: { why: "writes the schema of guesthouse.json", write: ["./schema"] },
    docs: { why: "writes the page of symptoms", write: ["./docs/debugging.md"] },
    sets: { why: "writes the permission sets", write: ["./deno.json"] },
    run: {
      why: "starts programs at all: under the supervisor, with their variables and inputs",
      run: ["./lib/base/process/supervise.sh"],
      write: TEMP,
      env: [
        ...["HOME", "LANG", "LC_*", "LOGNAME", "PATH", "TERM", "TMPDIR", "TZ", "USER"],
        "XDG_RUNTIME_DIR",
      ],
    },
    state: {
      why: "what is kept between tasks, locks among it",
      write: ["./.guesthouse", ...TEMP],
    },
    look: { why: "whether the processes of guests still run", run: ["cat", "ps"] },
    facts: {
      why: "which host this is, and which of its boots",
      run: ["./lib/host/kernel_facts.sh", "sysctl"],
    },
    memory: {
      why: "how much memory there is",
      run: ["./lib/host/kernel_facts.sh"],
      sys: ["systemMemoryInfo"],
    },
    search: { why: "looks for programs, and starts none", env: ["PATH"] },
    distro: { why: "which version of macOS this is", run: ["sw_vers"] },
    tools: {
      why: "asks the task's tools for their versions (those come from the tables of tools), and " +
        "starts the installer, and the task again",
      run: ["./lib/base/process/become.sh"],
      env: ["GUESTHOUSE_REEXEC"],
    },
    install: {
      why: "runs package managers, with rights that no other class has",
      run: ["apt-get", "brew", "dpkg", "nice", "rustup", "sudo", ...RUSTUP_PLACES],
      env: ["CARGO_HOME", "RUSTUP_HOME"],
    },
    log: { why: "writes logs", write: ["./logs"] },
    signal: { why: "ends processes of guests", run: ["./lib/base/process/send_signal.sh"] },
    reach: { why: "ssh into a guest that runs", run: ["ssh", "ssh-keygen"] },
    trust: { why: "guests trust what this host trusts", env: CERTIFICATES },
    proxy: {
      why: "lets a guest reach the internet as the host does, but not the networks of the host",
      env: UPSTREAM,
      sys: ["networkInterfaces"],
      net: true,
    },
    send: { why: "rsync to and from a guest that runs", run: ["rsync"] },
    copy: {
      why: "what there is to be sent, and what links that come lead to",
      run: ["./lib/guest/make_links.sh", "./lib/project/list_tree.sh"],
    },
    mended: { why: "whether the distribution has mended its rsync", run: ["dpkg"] },
    project: {
      why: "asks git which of the user's files count",
      run: ["./lib/project/limited_git.sh"],
      env: ["GIT_CONFIG_GLOBAL", "XDG_CONFIG_HOME"],
    },
    home: { why: "brings home what a build produced", write: ["./artifacts"] },
    start: {
      why: "QEMU, from images that are locked meanwhile",
      run: EMULATORS,
      write: ["./images/cache", "./images/dist"],
    },
    window: {
      why: "a window of the guest",
      env: ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_DATA_DIRS"],
    },
    control: {
      why: "talks to QEMU and agents by Unix sockets: Deno cannot allow a directory of those",
      net: true,
    },
    disk: { why: "overlays and disk images", run: ["qemu-img"] },
    cache: { why: "the disk of a build cache", run: ["mke2fs"] },
    gvproxy: {
      why: "the network of microVMs, built by go where it is not installed",
      run: ["./images/cache/bin/gvproxy", "go", "gvproxy"],
    },
    clean: {
      why: "removes trees with files of other users, and mounts of killed builds",
      run: ["rm", "unshare"],
    },
    make: {
      why: "compilers and builders of packages and file systems, for images and their parts",
      run: [
        ...["/usr/bin/cargo", "/usr/bin/rustc", "apt-cache", "apt-get", "cargo", "cat", "debugfs"],
        ...[...CROSS_STRIPS, "strip"],
        ...["depmod", "dpkg-deb", "dumpe2fs", "install", "make", "mke2fs", "mkfs.erofs"],
        ...["mmdebstrap", "mount", "qemu-img", "rustc", "sh", "tar", "touch", "unshare", "xz"],
      ],
      write: ["./images/cache", "./images/dist"],
    },
    image: {
      why: "sets an image up where it is missing, and puts it in its place",
      run: ["genisoimage", "hdiutil", "ln", "mcopy", "mformat", "mkisofs", "xorriso"],
      write: ["./configs/images.lock.json", "./configs/keys"],
      tools: ["image", "binfmt", "seed", "init"],
    },
    native: {
      why: "the user's own steps on the host: theirs, as what make runs is. They get the user's " +
        "whole environment, which the task has to read for that, and may run anything, by sh",
      run: ["./lib/base/process/end_marked.sh", "cp", "ln", "sh"],
      env: true,
    },
    share: {
      why: "whether a directory of the host can be shared with the dev guest",
      run: ["./lib/dev/state/probe_share.sh", "unshare"],
    },
    store: { why: "shows the host's Nix store to the guest", env: ["GUESTHOUSE_HOST_STORE"] },
    owner: { why: "whose files a share shows", sys: ["gid"] },
    serve: {
      why: "serves it, by virtiofs",
      run: [
        ...["/usr/lib/qemu/virtiofsd", "/usr/lib/virtiofsd", "/usr/libexec/virtiofsd"],
        "virtiofsd",
      ],
    },
    nixos: {
      why: "finds, downloads and builds what a NixOS guest is made of",
      run: ["nix"],
      env: ["GUESTHOUSE_NIXOS_FARM"],
      net: true,
    },
    local: { why: "the user's own changes to a NixOS guest", env: ["GUESTHOUSE_NIX"] },
    pins: { why: "records what it downloaded", write: ["./nix"] },
    github: { why: "fetches the logs of a failed run", run: ["gh"] },
    measure: { why: "starts tasks as users do, and makes trees to look through", run: ["git"] },
    durations: { why: "writes how long tests took", write: ["./tests/durations.json"] },
  },
  tasks: {
    "build-all": [...BUILD, "native", "distro"],
    "build-vm": BUILD,
    "build-native": ["ask", "run", "state", "log", "home", "native", "tools"],
    "setup-images": [...GUEST, ...IMAGE, "trust", "memory", "proxy", "caller"],
    "provision-manual": [...GUEST, ...IMAGE, "trust", "memory", "proxy"],
    "vm-run": [
      ...GUEST,
      ...IMAGE,
      "memory",
      "caller",
      "accel",
      "proxy",
      "trust",
      "cache",
      "gvproxy",
    ],
    "vm-list": [...LOOK, "signal"],
    "vm-ssh": [...LOOK, "log", "reach", "proxy", "trust"],
    "vm-stop": [...LOOK, "log", "signal", "reach", "control"],
    "build-images": PARTS,
    "build-guest-agent": PARTS,
    "build-tiny-init": PARTS,
    "extract-kernel": PARTS,
    "build-kernel": PARTS,
    "build-initramfs": PARTS,
    "build-qcow2": PARTS,
    "check-images": [
      ...[...LOOK, "facts", "memory", "log", "signal", "start", "control", "disk"] as const,
      ...["clean", "gvproxy", "accel", "tools"] as const,
    ],
    "arm-dev-init": [...GUEST, ...IMAGE, "memory", "accel", "owner", "nixos", "pins", "local"],
    "arm-dev": [...GUEST, ...SERVED, "window", "memory", "accel", "caller", "local"],
    "arm-dev-ssh": [...GUEST, ...SERVED, "window", "memory", "accel", "caller", "local"],
    "arm-dev-status": DEV,
    "arm-dev-shutdown": [...DEV, ...SERVED, "signal"],
    "arm-dev-sync": [...DEV, ...SHARED],
    "arm-dev-tidy": DEV,
    "arm-dev-kill": [...LOOK, ...SERVED, "facts", "signal"],
    "arm-dev-update": [...DEV, "send", "clean", "owner", "pins", "local"],
    "arm-dev-reset": [...LOOK, "facts"],
    "gc": [...LOOK, "facts", "signal", "start", "disk", "clean"],
    "clean": ["ask", "caller", "state"],
    "ci-diagnose": ["ask", "caller", "run", "log", "github"],
    "check": ["ask", "run", "state", "facts", "memory", "distro", "mended", "tools"],
    "completion": ["ask", "checkout"],
    "schema": ["ask", "checkout", "schema"],
    "docs": ["ask", "checkout", "docs"],
    "permissions": ["ask", "checkout", "search", "sets"],
    "bench": [...BUILD, "gvproxy", "distro", "measure"],
    "test": [...GUEST, ...IMAGE, "trust", "memory", "proxy", "measure", "durations"],
    "install": ["ask", "run", "facts", "memory", "distro", "install"],
  },
});
