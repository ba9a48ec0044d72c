import { UsageError } from "../base/errors.ts";
import { hostMemoryMiB } from "./facts.ts";

/** The part of the host's memory that guests get at one time; the rest is for what else runs. */
export const MEMORY_SHARE = 0.8;

/** A guest's memory, and where its size comes from. */
interface MemoryWish {
  /** The guest, for messages. */
  readonly name: string;
  readonly memoryMiB: number;
  /** Whether the size is the project's, and so limited more than the user's. Default `false`. */
  readonly ofProject?: boolean;
}

/** Refuses a guest that needs more memory than the host has. Throws {@link UsageError}. */
export async function requireMemory(wish: MemoryWish): Promise<void> {
  checkMemory(wish, await hostMemoryMiB());
}

/** Like {@link requireMemory}, for a host with this much memory. */
export function checkMemory({ name, memoryMiB, ofProject }: MemoryWish, hostMiB: number): void {
  const cannot = `Cannot give guest "${name}" ${memoryMiB} MiB`;
  if (memoryMiB > hostMiB) {
    throw new UsageError(`${cannot}: the host has ${hostMiB} MiB`, {
      next: 'pass a smaller --memory, or set a smaller "memory" in guesthouse.json',
    });
  }
  const mostMiB = Math.floor(hostMiB * MEMORY_SHARE);
  if (ofProject !== true || memoryMiB <= mostMiB) return;
  throw new UsageError(`${cannot}: a project may ask for ${mostMiB} MiB on this host`, {
    details: [`the host has ${hostMiB} MiB, of which guests leave a fifth to what else runs`],
    next: `set a smaller "memory" in guesthouse.json, or pass --memory ${memoryMiB} to insist`,
  });
}
