import { assertEquals } from "@std/assert";
import { diskCommands } from "./disk/file_systems.ts";
import { testPlatform } from "./platform/image_testing.ts";
import { packagesStage } from "./system/debian/rootfs.ts";
import { STAGE_VERSIONS } from "./stages.ts";

// What a stage is given is in the keys of images. A change to one of these shows here that images
// are built again; if a module makes something else of them, raise a version.
Deno.test("stages have these versions", () => {
  assertEquals(STAGE_VERSIONS, {
    "packages": 1,
    "image": 1,
    "download": 1,
    "console": 1,
    "first boot": 1,
    "initramfs": 1,
    "rust": 1,
    "kernel": 1,
    "micro-kernel": 1,
    "cloud-init": 1,
    "variant": 1,
  });
});

Deno.test("the stage of packages is these commands", () => {
  const { arch, image } = testPlatform({ packages: ["cmake", "make"] });
  const common = [
    ...["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*"],
    "/usr/share/lintian/*",
  ].map((path) => `--dpkgopt=path-exclude=${path}`).concat([
    "--dpkgopt=force-unsafe-io",
    '--aptopt=Acquire::Languages "none"',
    "--aptopt=Acquire::Retries 3",
  ]);
  const begin = ["mmdebstrap", "--mode=root", `--architectures=${image.debArch}`];
  const packages = ["--include=cmake", "--include=make"];
  const foreign = [
    "--essential-hook=HOOKS/lend-programs",
    "--customize-hook=HOOKS/restore-programs",
  ];
  const now = (...hooks: string[]) => [
    ...[...begin, "--variant=minbase", "--format=tar", ...packages, ...common],
    ...["--essential-hook=HOOKS/no-host-keys", ...hooks, "--customize-hook=HOOKS/customize"],
    ...[image.suite, "OUTPUT"],
  ];
  const base = ["?essential", "?priority(required)", "apt"].map((name) => `--include=${name}`);
  assertEquals(packagesStage({ ...image, arch }), {
    commands: [
      now(),
      now(...foreign),
      [
        ...[...begin, "--variant=extract", "--format=tar", ...base, ...packages, ...common],
        ...["--setup-hook=HOOKS/merge-usr", "--extract-hook=HOOKS/customize"],
        ...[image.suite, "OUTPUT"],
      ],
    ],
    env: {
      SOURCE_DATE_EPOCH: "1686355200",
      DEBIAN_FRONTEND: "noninteractive",
      LC_ALL: "C.UTF-8",
    },
  });
});

Deno.test("the disk of an image is made by these commands", () => {
  assertEquals(diskCommands("TREE", "RAW", "QCOW2", 8), {
    mke2fs: [
      ...["mke2fs", "-q", "-t", "ext4", "-d", "TREE", "-L", "guesthouse", "-m", "0"],
      ...["-E", "lazy_itable_init=1,lazy_journal_init=1", "RAW", "8G"],
    ],
    convert: ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", "RAW", "QCOW2"],
  });
});
