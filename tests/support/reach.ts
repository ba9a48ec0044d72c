/** What the code of a task can reach: declarations, by the names that they use. */
import { walk } from "@std/fs";
import { dirname, join, relative } from "@std/path";
import { root } from "../../lib/base/files/paths.ts";

/** Names of a module's own scope, and those of modules that are loaded late. */
interface Used {
  readonly names: Set<string>;
  /** `*` for all of a module. */
  readonly imports: { readonly file: string; readonly name: string }[];
}

/** A top-level statement: what it uses, and the words that could be programs. */
export interface Statement extends Used {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  /** Runs when the module is loaded, unlike a declaration. */
  readonly isLoose: boolean;
  /** What only matters once somebody uses the property that it is in, by the property's name. */
  readonly late: Map<string, Used>;
  /** Properties of objects that it calls, or looks into. */
  readonly members: Set<string>;
  /** What it calls of the runtime: `Deno.uid`, `fetch`, `statfs` of Node. */
  readonly calls: Set<string>;
  /** Variables that it reads. */
  readonly variables: Set<string>;
  /** First words of lists and templates, which are programs where the list is a command. */
  readonly heads: Set<string>;
  /** First words of commands that are run where they are written. */
  readonly started: Set<string>;
  /** All literals. */
  readonly literals: Set<string>;
}

interface Module {
  readonly statements: Statement[];
  readonly locals: Map<string, Statement>;
  readonly imported: Map<string, { readonly file: string; readonly name: string }>;
  readonly exported: Map<string, string | { readonly file: string; readonly name: string }>;
}

// Deno types its syntax tree for plugins of its own; only a few of its fields matter here.
// deno-lint-ignore no-explicit-any
type Node = any;

/**
 * Interfaces whose objects offer many things, of which most tasks want few: what a property leads to
 * counts only where it is read.
 */
const LATE_TYPES = ["DevFlavour", "GuestSystem"];

/** Functions that start the command that they are given. */
const STARTING = ["run", "runInForeground", "spawnOwned"];

/** The name of a list of variables of which each is read. */
const LIST = "VARIABLES";

/** Functions that read the variable that they are given. */
const READERS = ["fromEnv"];

/** Reads all modules of `lib/` and `tasks/` but tests. Only possible in a test. */
export async function readModules(): Promise<Map<string, Module>> {
  const modules = new Map<string, Module>();
  for (const dir of ["lib", "tasks"]) {
    const files = walk(join(root, dir), { includeDirs: false, exts: [".ts"] });
    for await (const { path } of files) {
      const file = relative(root, path);
      if (/_test(ing)?\.ts$|\/testdata\//.test(file)) continue;
      modules.set(file, readModule(file, await Deno.readTextFile(path)));
    }
  }
  return modules;
}

function readModule(file: string, text: string): Module {
  const module: Module = {
    ...{ statements: [], locals: new Map(), imported: new Map(), exported: new Map() },
  };
  // Imports belong to none.
  const at = (node: Node) =>
    module.statements.find(({ start, end }) => start <= node.range[0] && node.range[1] <= end);
  const target = (source: string) => source.startsWith(".") ? join(dirname(file), source) : source;
  const lateProperties: Node[] = [];
  const usedAt = (node: Node, statement: Statement): Used => {
    const property = lateProperties.find(({ range: [start, end] }) =>
      start <= node.range[0] && node.range[1] <= end
    );
    if (property === undefined) return statement;
    const used = statement.late.get(property.key.name) ?? { names: new Set(), imports: [] };
    statement.late.set(property.key.name, used);
    return used;
  };
  const visitor = {
    VariableDeclarator({ id, init }: Node) {
      const type = id.typeAnnotation?.typeAnnotation?.typeName?.name;
      if (LATE_TYPES.includes(type)) lateProperties.push(...init.properties);
    },
    Program(node: Node) {
      for (const statement of node.body) readStatement(file, statement, module, target);
    },
    Identifier(node: Node) {
      const { parent } = node;
      const isKey = !parent.computed &&
        (parent.type === "MemberExpression" && parent.property.range[0] === node.range[0] ||
          parent.type === "Property" && parent.key.range[0] === node.range[0] && !parent.shorthand);
      const statement = at(node);
      if (statement === undefined) return;
      if (!isKey) usedAt(node, statement).names.add(node.name);
      else if (parent.type === "MemberExpression" && parent.object.name !== "Deno") {
        const user = parent.parent;
        const inside = user.type === "CallExpression" ? user.callee : user.object;
        if (inside?.range[1] === node.range[1]) statement.members.add(node.name);
      }
    },
    ImportExpression(node: Node) {
      // `import("..." as string)` where Deno is not to read the module at the start.
      const { value } = node.source.expression ?? node.source;
      if (typeof value !== "string") return;
      const imports = namesTaken(node).map((name) => ({ file: target(value), name }));
      const statement = at(node);
      if (statement !== undefined) usedAt(node, statement).imports.push(...imports);
    },
    CallExpression({ callee, arguments: [first] }: Node) {
      const name = callee.property?.name ?? callee.name;
      const object = callee.object?.name;
      at(callee)?.calls.add(object === undefined ? name : `${object}.${name}`);
      const isRead = callee.object?.property?.name === "env" || READERS.includes(name);
      const [word] = first?.elements ?? [];
      if (STARTING.includes(name) && typeof word?.value === "string") {
        at(first)?.started.add(word.value);
      }
      if (isRead && typeof first?.value === "string") at(first)?.variables.add(first.value);
    },
    Literal({ value, range, parent }: Node) {
      if (typeof value !== "string") return;
      const statement = at({ range });
      statement?.literals.add(value);
      const isKey = parent.type === "Property" && parent.key.range[0] === range[0];
      if (statement === module.locals.get(LIST) && !isKey) statement?.variables.add(value);
    },
    TemplateElement(node: Node) {
      for (const word of (node.cooked ?? node.raw).split(/\s+/)) at(node)?.literals.add(word);
    },
    ArrayExpression(node: Node) {
      const [first] = node.elements;
      if (typeof first?.value === "string") at(node)?.heads.add(first.value);
    },
    TaggedTemplateExpression(node: Node) {
      const word = node.quasi.quasis[0].raw.trim().split(/\s+/)[0];
      if (word === undefined || word === "") return;
      at(node)?.heads.add(word);
      if (["$", "sh"].includes(node.tag.name)) at(node)?.started.add(word);
    },
  };
  Deno.lint.runPlugin({ name: "reach", rules: { all: { create: () => visitor } } }, file, text);
  return module;
}

function readStatement(
  file: string,
  node: Node,
  module: Module,
  target: (source: string) => string,
): void {
  if (node.type === "ImportDeclaration" && node.importKind !== "type") {
    for (const specifier of node.specifiers) {
      if (specifier.importKind === "type") continue;
      const name = specifier.imported?.name ?? "*";
      module.imported.set(specifier.local.name, { file: target(node.source.value), name });
    }
    return;
  }
  if (node.type.startsWith("Import")) return;
  if (node.source) {
    for (const { local, exported } of node.specifiers ?? []) {
      module.exported.set(exported.name, { file: target(node.source.value), name: local.name });
    }
    return;
  }
  const declared = node.declaration ?? node;
  const names: string[] = declared.type === "VariableDeclaration"
    ? declared.declarations.flatMap(({ id }: Node) => patternNames(id))
    : declared.id
    ? [declared.id.name]
    : [];
  const statement: Statement = {
    ...{ file, start: node.range[0], end: node.range[1], isLoose: names.length === 0 },
    ...{
      names: new Set(),
      late: new Map(),
      members: new Set(),
      variables: new Set(),
      calls: new Set(),
      imports: [],
      heads: new Set(),
      started: new Set(),
      literals: new Set(),
    },
  };
  module.statements.push(statement);
  for (const name of names) {
    module.locals.set(name, statement);
    if (node.type === "ExportNamedDeclaration") module.exported.set(name, name);
  }
  for (const { local, exported } of node.specifiers ?? []) {
    module.exported.set(exported.name, local.name);
  }
}

const patternNames = (id: Node): string[] =>
  id.type === "Identifier"
    ? [id.name]
    : (id.properties ?? id.elements ?? []).flatMap((part: Node) =>
      patternNames(part.value ?? part)
    );

/** Which names of a module are used where it is loaded late. */
function namesTaken(node: Node): string[] {
  const awaited = node.parent.type === "AwaitExpression" ? node.parent : node;
  const user = awaited.parent.type === "TSAsExpression" ? awaited.parent.parent : awaited.parent;
  if (user.type === "MemberExpression") return [user.property.name];
  if (user.type === "VariableDeclarator" && user.id.type === "ObjectPattern") {
    return user.id.properties.map(({ key }: Node) => key.name);
  }
  return ["*"];
}

/** All statements that those of a task's file reach. */
export function reach(modules: ReadonlyMap<string, Module>, taskFile: string): Set<Statement> {
  const reached = new Set<Statement>();
  const members = new Set<string>();
  const add = (statement: Statement) => {
    if (reached.has(statement)) return;
    reached.add(statement);
    const module = modules.get(statement.file)!;
    for (const other of module.statements) if (other.isLoose) add(other);
    for (const name of statement.members) members.add(name);
    for (const name of statement.names) addName(module, name);
    for (const { file, name } of statement.imports) addExport(file, name);
  };
  const addName = (module: Module, name: string) => {
    const local = module.locals.get(name);
    const far = module.imported.get(name);
    if (local !== undefined) add(local);
    else if (far !== undefined) addExport(far.file, far.name);
  };
  const addExport = (file: string, name: string) => {
    const module = modules.get(file);
    if (module === undefined) return;
    const names = name === "*" ? [...module.exported.keys()] : [name];
    for (const exported of names) {
      const origin = module.exported.get(exported);
      if (origin === undefined) continue;
      if (typeof origin === "object") addExport(origin.file, origin.name);
      else {
        const statement = module.locals.get(origin);
        if (statement !== undefined) add(statement);
      }
    }
  };
  for (const statement of modules.get(taskFile)?.statements ?? []) add(statement);
  for (let before = 0; before < reached.size;) {
    before = reached.size;
    for (const { file, late } of [...reached]) {
      for (const [key, { names, imports }] of late) {
        if (!members.has(key)) continue;
        for (const name of names) addName(modules.get(file)!, name);
        for (const { file, name } of imports) addExport(file, name);
      }
    }
  }
  return reached;
}
