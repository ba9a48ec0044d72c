/**
 * Types of the Deno standard library modules that this project imports.
 *
 * The import map of `deno.json` takes these modules from npm, where they come without
 * declarations; `compilerOptions.types` lists this file instead. Names and parameters
 * follow the 1.x modules on JSR, so mapping the same specifiers to JSR needs no change.
 * Left out on purpose: the synchronous twins, except the few that a fast path may want.
 * `types/std_test.ts` compares the declared names with what the modules export.
 */

declare module "@std/path" {
  /** The result of {@link parse} and the input of {@link format}. */
  export interface ParsedPath {
    root: string;
    dir: string;
    base: string;
    ext: string;
    name: string;
  }

  export interface GlobOptions {
    /** Extended glob syntax, such as `@(a|b)` (default true). */
    extended?: boolean;
    /** Whether `**` matches any number of directories (default true). */
    globstar?: boolean;
    /** Ignore case (default false). */
    caseInsensitive?: boolean;
  }

  export const DELIMITER: ":" | ";";
  export const SEPARATOR: "/" | "\\";
  export const SEPARATOR_PATTERN: RegExp;

  export function basename(path: string | URL, suffix?: string): string;
  /** The longest common directory of the paths, with a trailing separator, or "". */
  export function common(paths: string[]): string;
  export function dirname(path: string | URL): string;
  /** The extension with its leading dot, or "". */
  export function extname(path: string | URL): string;
  export function format(pathObject: Partial<ParsedPath>): string;
  export function fromFileUrl(url: string | URL): string;
  /** An anchored pattern; a leading dot is not special. */
  export function globToRegExp(glob: string, options?: GlobOptions): RegExp;
  export function isAbsolute(path: string): boolean;
  export function isGlob(str: string): boolean;
  export function join(path: string | URL, ...paths: string[]): string;
  export function joinGlobs(
    globs: string[],
    options?: Pick<GlobOptions, "extended" | "globstar">,
  ): string;
  export function normalize(path: string | URL): string;
  export function normalizeGlob(glob: string, options?: Pick<GlobOptions, "globstar">): string;
  export function parse(path: string): ParsedPath;
  export function relative(from: string, to: string): string;
  /** An absolute path; segments are applied to the current directory from left to right. */
  export function resolve(...pathSegments: string[]): string;
  export function toFileUrl(path: string): URL;
  export function toNamespacedPath(path: string): string;
}

declare module "@std/fs" {
  export interface CopyOptions {
    /** Replace an existing destination (default false). */
    overwrite?: boolean;
    /** Keep modification and access times (default false). */
    preserveTimestamps?: boolean;
  }

  export interface MoveOptions {
    /** Replace an existing destination (default false). */
    overwrite?: boolean;
  }

  export interface ExistsOptions {
    /** Also check that it can be read (default false). */
    isReadable?: boolean;
    /** Also check that it is a directory; not together with `isFile`. */
    isDirectory?: boolean;
    /** Also check that it is a file; not together with `isDirectory`. */
    isFile?: boolean;
  }

  export interface WalkOptions {
    /** Directories to descend; the root itself is depth 0 (default Infinity). */
    maxDepth?: number;
    includeFiles?: boolean;
    includeDirs?: boolean;
    includeSymlinks?: boolean;
    followSymlinks?: boolean;
    /** With `followSymlinks`: yield the real paths (default true). */
    canonicalize?: boolean;
    exts?: string[];
    match?: RegExp[];
    skip?: RegExp[];
  }

  export interface ExpandGlobOptions {
    /** Directory that a relative glob starts from (default: the current one). */
    root?: string | URL;
    exclude?: string[];
    includeDirs?: boolean;
    followSymlinks?: boolean;
    canonicalize?: boolean;
    extended?: boolean;
    globstar?: boolean;
    caseInsensitive?: boolean;
  }

  export interface WalkEntry extends Deno.DirEntry {
    path: string;
  }

  /** Copies a file, or a directory and what is below it. */
  export function copy(
    src: string | URL,
    dest: string | URL,
    options?: CopyOptions,
  ): Promise<void>;
  export function ensureDir(dir: string | URL): Promise<void>;
  export function ensureDirSync(dir: string | URL): void;
  export function ensureFile(filePath: string | URL): Promise<void>;
  /** A hard link. */
  export function ensureLink(src: string | URL, dest: string | URL): Promise<void>;
  export function ensureSymlink(target: string | URL, linkName: string | URL): Promise<void>;
  export function exists(path: string | URL, options?: ExistsOptions): Promise<boolean>;
  export function existsSync(path: string | URL, options?: ExistsOptions): boolean;
  export function expandGlob(
    glob: string | URL,
    options?: ExpandGlobOptions,
  ): AsyncIterableIterator<WalkEntry>;
  export function move(
    src: string | URL,
    dest: string | URL,
    options?: MoveOptions,
  ): Promise<void>;
  export function walk(
    root: string | URL,
    options?: WalkOptions,
  ): AsyncIterableIterator<WalkEntry>;
}

declare module "@std/streams" {
  export interface TextLineStreamOptions {
    /** Also split at a lone carriage return (default false). */
    allowCR?: boolean;
  }

  export interface DelimiterStreamOptions {
    /** Where the delimiter goes (default "discard"). */
    disposition?: "suffix" | "prefix" | "discard";
  }

  /** Splits text into lines without their `\n` or `\r\n`. */
  export class TextLineStream extends TransformStream<string, string> {
    constructor(options?: TextLineStreamOptions);
  }

  export class TextDelimiterStream extends TransformStream<string, string> {
    constructor(delimiter: string, options?: DelimiterStreamOptions);
  }

  export class DelimiterStream
    extends TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
    constructor(delimiter: Uint8Array, options?: DelimiterStreamOptions);
  }

  export class ByteSliceStream
    extends TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
    /** Both positions in bytes, both inclusive. */
    constructor(start?: number, end?: number);
  }

  /** One stream after the other. */
  export function concatReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;
  /** Chunks as they come, from whichever stream has one. */
  export function mergeReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;
  export function zipReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;
  export function toArrayBuffer(readableStream: ReadableStream<Uint8Array>): Promise<ArrayBuffer>;
  export function toBlob(stream: ReadableStream<Uint8Array>): Promise<Blob>;
  export function toJson(stream: ReadableStream): Promise<unknown>;
  export function toText(stream: ReadableStream): Promise<string>;
  export function toTransformStream<I, O>(
    transformer: (src: ReadableStream<I>) => Iterable<O> | AsyncIterable<O>,
    writableStrategy?: QueuingStrategy<I>,
    readableStrategy?: QueuingStrategy<O>,
  ): TransformStream<I, O>;
}

declare module "@std/assert" {
  /** Any class, also an abstract one. */
  type ClassOf<T> = abstract new (...args: never[]) => T;
  /** Every value that counts as false in a condition. */
  type Falsy = false | 0 | 0n | "" | null | undefined;

  export class AssertionError extends Error {
    constructor(message: string, options?: ErrorOptions);
  }

  export function assert(expr: unknown, msg?: string): asserts expr;
  export function assertAlmostEquals(
    actual: number,
    expected: number,
    tolerance?: number,
    msg?: string,
  ): void;
  export function assertArrayIncludes<T>(
    actual: ArrayLike<T>,
    expected: ArrayLike<T>,
    msg?: string,
  ): void;
  export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
  export function assertFalse(expr: unknown, msg?: string): asserts expr is Falsy;
  export function assertGreater<T>(actual: T, expected: T, msg?: string): void;
  export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertInstanceOf<T>(
    actual: unknown,
    expectedType: ClassOf<T>,
    msg?: string,
  ): asserts actual is T;
  export function assertIsError<E extends Error = Error>(
    error: unknown,
    ErrorClass?: ClassOf<E>,
    msgMatches?: string | RegExp,
    msg?: string,
  ): asserts error is E;
  export function assertLess<T>(actual: T, expected: T, msg?: string): void;
  export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertMatch(actual: string, expected: RegExp, msg?: string): void;
  export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertNotInstanceOf<A, T>(
    actual: A,
    unexpectedType: ClassOf<T>,
    msg?: string,
  ): asserts actual is Exclude<A, T>;
  export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
  export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertObjectMatch(
    actual: object,
    expected: Record<PropertyKey, unknown>,
    msg?: string,
  ): void;
  /** The error itself, to look further into. */
  export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
  export function assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    ErrorClass: ClassOf<E>,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
  export function assertStrictEquals<T>(
    actual: unknown,
    expected: T,
    msg?: string,
  ): asserts actual is T;
  export function assertStringIncludes(actual: string, expected: string, msg?: string): void;
  /** The error itself, to look further into. */
  export function assertThrows(fn: () => unknown, msg?: string): unknown;
  export function assertThrows<E extends Error = Error>(
    fn: () => unknown,
    ErrorClass: ClassOf<E>,
    msgIncludes?: string,
    msg?: string,
  ): E;
  export function equal(a: unknown, b: unknown): boolean;
  export function fail(msg?: string): never;
  export function unimplemented(msg?: string): never;
  export function unreachable(msg?: string): never;
}

declare module "@std/bytes" {
  /** All bytes in one new array. */
  export function concat(buffers: readonly Uint8Array[]): Uint8Array<ArrayBuffer>;
}

declare module "@std/cli" {
  export interface ParseOptions {
    /** Put what follows `--` into `result["--"]` instead of `result._` (default false). */
    "--"?: boolean;
    alias?: Record<string, string | readonly string[]>;
    boolean?: boolean | string | readonly string[];
    default?: Record<string, unknown>;
    stopEarly?: boolean;
    string?: string | readonly string[];
    collect?: string | readonly string[];
    negatable?: string | readonly string[];
    unknown?: (arg: string, key?: string, value?: unknown) => unknown;
  }

  /**
   * The values by option name. Simpler than the real declaration, which derives each
   * field from the options: every value has to be narrowed before use.
   */
  export interface ParsedArgs {
    [name: string]: unknown;
    _: (string | number)[];
    "--"?: string[];
  }

  export function parseArgs(args: string[], options?: ParseOptions): ParsedArgs;
}

declare module "@std/async" {
  export interface DelayOptions {
    /** Aborts the wait, which then rejects with its reason. */
    signal?: AbortSignal;
    /** Whether the wait keeps the process running (default true). */
    persistent?: boolean;
  }

  /** Resolves after `ms` milliseconds. */
  export function delay(ms: number, options?: DelayOptions): Promise<void>;
}

declare module "@std/crypto" {
  /** Whether the bytes are equal; as slow where the first differs as where the last one does. */
  export function timingSafeEqual(
    a: ArrayBufferView | ArrayBufferLike,
    b: ArrayBufferView | ArrayBufferLike,
  ): boolean;
}

declare module "@std/text" {
  /** How many insertions, deletions and replacements of code points make one text the other. */
  export function levenshteinDistance(str1: string, str2: string): number;
}
