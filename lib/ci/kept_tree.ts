import { z } from "zod";
import type { BytePath } from "../project/path_bytes.ts";
import type { Comparison, SentFile } from "./compare_project.ts";

/** What a build directory was made from. */
const builtSchema = z.object({
  /** Steps, environment and guest. */
  recipe: z.string(),
  /** When, in milliseconds since 1970. */
  at: z.number(),
  /** Files with which everything has to be built from nothing once their content has changed. */
  fixed: z.array(z.string()),
});

const schema = z.object({
  /** What was sent; see {@link SentFile}. */
  files: z.array(z.tuple([z.string(), z.string(), z.string(), z.string(), z.string()])),
  /** The build directory, or why it cannot be used again. */
  built: z.union([builtSchema, z.string()]),
});

/** What is known of the directories that a build cache keeps. */
export interface KeptTree {
  readonly files: ReadonlyMap<BytePath, SentFile>;
  readonly built: Built | string;
}

/** The type of {@link builtSchema}. */
export type Built = Readonly<z.output<typeof builtSchema>>;

/** Reads and writes a {@link KeptTree} as JSON. */
export const keptTreeSchema = z.codec(schema, z.custom<KeptTree>(), {
  decode: ({ files, built }) => ({
    built,
    files: new Map(files.map((
      [path, kind, digest, identity, guest],
    ) => [path, { kind, digest, identity, guest }])),
  }),
  encode: ({ files, built }) => ({
    built: typeof built === "string" ? built : { ...built, fixed: [...built.fixed] },
    files: [...files].map((
      [path, { kind, digest, identity, guest }],
    ) => [path, kind, digest, identity, guest] as [string, string, string, string, string]),
  }),
});

/** A cache without anything in it. */
export const NOTHING_KEPT: KeptTree = { files: new Map(), built: "there is no build tree yet" };

/**
 * Why a build must not start with what the last one has left, in words; `undefined` if it gives the
 * verdict of a build from nothing all the same. See docs/warm-starts.md.
 */
export function whyFromNothing(
  { built }: KeptTree,
  recipe: string,
  { moved, changed, dirty }: Comparison,
  now = Date.now(),
): string | undefined {
  if (typeof built === "string") return built;
  if (built.recipe !== recipe) return "its steps, flags, environment or guest are others";
  if (built.at > now) return "the clock was set back";
  const [path] = moved;
  if (path !== undefined) return `${show(path)} has come, gone, or changed its kind or mode`;
  const [own] = dirty;
  if (own !== undefined) return `the last build has changed ${show(own)}`;
  const fixed = new Set(built.fixed);
  const content = changed.find((path) => fixed.has(path));
  return content === undefined ? undefined : `more than a compiler reads ${show(content)}`;
}

const show = (path: BytePath): string => JSON.stringify(path);
