import type { Tool, ToolGroup } from "./tool.ts";

/**
 * A program of the system's own Rust toolchain: what rustup has put earlier on the PATH lacks the
 * other architecture, and may be of any version.
 */
export function rustTool(
  name: string,
  groups: readonly ToolGroup[],
  purpose: string,
  packages: Tool["packages"],
): Tool {
  const folders = ["/usr/bin", "/opt/homebrew/bin", "/nix/var/nix/profiles/default/bin"];
  const programs = folders.map((folder) => `${folder}/${name}`);
  return { name, programs, groups, purpose, packages };
}
