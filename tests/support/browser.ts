import { delay } from "@std/async";
import { assert } from "@std/assert";
import { join } from "@std/path";
import { findProgram } from "../../lib/base/process/find_program.ts";
import { BROWSERS } from "../../lib/host/tools/test_tools.ts";
import { PAGE_POLICY } from "../../lib/report/page.ts";
import { html } from "../../lib/report/html.ts";

/** What the page is shown in. */
export interface View {
  readonly scheme: "light" | "dark";
  /** In pixels; browsers have no windows of less than 500. */
  readonly width: number;
}

/** What tests/support/measure_page.js finds. */
export interface Measured {
  readonly title: string;
  readonly width: number;
  readonly contentWidth: number;
  /** As `rgb(1, 2, 3)`. */
  readonly foreground: string;
  readonly background: string;
  /** Elements that a page never has, and that names might bring in. */
  readonly strangers: number;
  readonly rows: readonly string[];
  readonly legend: readonly string[];
  readonly marks: readonly string[];
  /** Marks of an axis that are not on one line. */
  readonly brokenMarks: number;
  readonly stops: number;
  readonly dots: number;
  /** The number of rows of each table. */
  readonly tables: readonly number[];
  readonly visibleLabels: number;
  readonly texts: number;
  /** Labels that are half inside their bar. */
  readonly brokenLabels: readonly string[];
  readonly overlaps: readonly string[];
  readonly bars: readonly {
    readonly width: number;
    readonly height: number;
    /** Where it begins, as a share of its track. */
    readonly fromShare: number;
    readonly isInside: boolean;
    /** Against the page. */
    readonly contrast: number;
  }[];
  readonly contrasts: readonly { readonly what: string; readonly ratio: number }[];
}

/** After this a browser hangs. */
const TIMEOUT_MS = 60_000;

/** The path of a browser; `undefined` if there is none. */
export function findBrowser(): string | undefined {
  return BROWSERS.map((name) => findProgram(name)?.path).find((path) => path !== undefined);
}

/** Opens a page in a browser without a window, and measures what it shows. */
export async function measureInBrowser(
  browser: string,
  page: string,
  { scheme, width }: View,
): Promise<Measured> {
  await using stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "guesthouse-browser-" });
  stack.defer(() => removeProfile(dir));
  const path = join(dir, "page.html");
  await Deno.writeTextFile(path, await withScript(page));
  const { code, stdout, stderr } = await new Deno.Command(browser, {
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions"],
      ...["--disable-dev-shm-usage", `--user-data-dir=${join(dir, "profile")}`],
      `--window-size=${width},1200`,
      `--blink-settings=preferredColorScheme=${scheme === "dark" ? 0 : 1}`,
      ...["--dump-dom", `file://${path}`],
    ],
    stdin: "null",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).output();
  const [dom, log] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  const measured = /<body data-measured="(.+?)"/.exec(dom!)?.[1];
  assert(code === 0 && measured !== undefined, `status ${code}\n${dom}\n${log}`);
  return JSON.parse(decodeURIComponent(measured));
}

/** Removes a directory that the browser's last processes may still be writing to. */
async function removeProfile(dir: string): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return await Deno.remove(dir, { recursive: true });
    } catch (error) {
      if (tries === 10) throw error;
      await delay(200);
    }
  }
}

/** The page with the measuring script, which its policy would forbid. */
async function withScript(page: string): Promise<string> {
  const script = await Deno.readTextFile(new URL("measure_page.js", import.meta.url));
  const policy = html`content="${PAGE_POLICY}"`.text;
  assert(page.includes(policy) && page.includes("</body>"));
  return page.replace(policy, 'content=""').replace(
    "</body>",
    () => `<script>${script}</script></body>`,
  );
}
