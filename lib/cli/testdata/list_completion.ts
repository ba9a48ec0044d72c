/** Stands for `deno task completion --list -- WORD...` in the tests of the shell scripts. */
import { complete, renderCompletion } from "../complete.ts";
import { writeStdout } from "../../base/terminal/output.ts";
import { COMPLETION_SPECS } from "./completion_specs.ts";

const words = Deno.args.slice(Deno.args.indexOf("--") + 1);
writeStdout(renderCompletion(await complete(words, () => Promise.resolve(COMPLETION_SPECS))));
