import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The part of `package.json` that the check reads. */
interface Manifest {
  name: string;
  engines?: Record<string, string>;
  exports: Record<string, unknown>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

interface Packed {
  name: string;
  filename: string;
  files: { path: string }[];
}

const root = join(import.meta.dirname, "..");
const PUBLISHED = ["core", "engine", "server", "cli", "langchain", "ai-sdk", "openai-agents"];

/** Packs what `npm run build` made, and uses it as an application would that has nothing else of this repository. */
function checkPackages(folder: string): string[] {
  const manifests = PUBLISHED.map((name) => readManifest(join(root, "packages", name)));
  const packed = pack(folder);
  install(folder, manifests, packed);
  return [
    ...packed.flatMap(contentProblems),
    ...manifests.flatMap((manifest) => engineProblems(manifest, manifests)),
    ...use(folder, manifests),
  ];
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as Manifest;
}

function pack(folder: string): Packed[] {
  const workspaces = PUBLISHED.flatMap((name) => ["-w", join("packages", name)]);
  const text = execFileSync(
    "npm",
    ["pack", "--json", "--pack-destination", folder, ...workspaces],
    {
      cwd: root,
      encoding: "utf8",
    },
  );
  // by place in a list, or by name, as the version of npm likes
  return Object.values(JSON.parse(text) as Packed[] | Record<string, Packed>);
}

function contentProblems({ name, files }: Packed): string[] {
  const paths = files.map(({ path }) => path);
  const strange = paths.find((path) => !/^dist\/.*(?<!\.test)\.(js|d\.ts)$|^[^/]+$/.test(path));
  return [
    ...["LICENSE", "README.md", "package.json"]
      .filter((path) => !paths.includes(path))
      .map((path) => `${name} has no ${path}.`),
    ...(strange === undefined ? [] : [`${name} brings ${strange}.`]),
  ];
}

/** One oldest Node for all, and none that a dependency refuses. */
function engineProblems({ name, engines, dependencies }: Manifest, all: Manifest[]): string[] {
  const oldest = oldestNode(engines);
  const older = Object.keys(dependencies ?? {}).filter(
    (dependency) =>
      oldestNode(readManifest(join(root, "node_modules", dependency)).engines) > oldest,
  );
  return [
    ...(oldest === oldestNode(all[0]?.engines)
      ? []
      : [`${name} names another Node than the rest.`]),
    ...older.map((dependency) => `${dependency} needs a newer Node than ${name}.`),
  ];
}

/** The lower bound of `>=22.16`, as a number that compares; other forms bound nothing here. */
function oldestNode(engines: Manifest["engines"]): number {
  const [, major = "0", minor = "0"] = /^>= ?(\d+)(?:\.(\d+))?/.exec(engines?.["node"] ?? "") ?? [];
  return Number(major) * 1000 + Number(minor);
}

/** Unpacks the packages, beside links to what they depend on and nothing more. */
function install(folder: string, manifests: readonly Manifest[], packed: readonly Packed[]): void {
  const modules = join(folder, "node_modules");
  for (const { name, filename } of packed) {
    mkdirSync(join(modules, name), { recursive: true });
    const target = join(modules, name);
    execFileSync("tar", ["-xzf", join(folder, filename), "-C", target, "--strip-components=1"]);
  }
  const needed = manifests.flatMap((manifest) =>
    Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
  );
  for (const name of new Set([...needed, "@types/node"])) {
    if (existsSync(join(modules, name))) continue;
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
}

/** Runs a program that imports every entry, and stores and recalls something; compiles what needs no framework. */
function use(folder: string, manifests: readonly Manifest[]): string[] {
  const plain = manifests.filter(({ peerDependencies }) => peerDependencies === undefined);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(folder, "types.ts"), imports(plain));
  writeFileSync(
    join(folder, "app.ts"),
    `${imports(manifests)}
import { createSpectron } from "@spectron/core";
import { embedded } from "@spectron/server";
const spectron = createSpectron(await embedded({ path: "memory.db" }));
await spectron.facts.add({ text: "I live in Braga.", scopes: [["user/a"]] });
const { hits } = await spectron.query({ query: "Where do I live?", lens: [["user/a"]] });
await spectron.close();
if (!hits.some((hit) => hit.text.includes("Braga"))) throw new Error("nothing recalled");
`,
  );
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const strict = ["--strict", "--skipLibCheck", "false", "--noEmit", "--module", "nodenext"];
  return [
    ...run(folder, compiler, ...strict, "--target", "es2024", "--types", "node", "types.ts"),
    ...run(folder, "--no-warnings", "app.ts"),
  ];
}

function imports(manifests: readonly Manifest[]): string {
  const entries = manifests.flatMap(({ name, exports }) =>
    Object.keys(exports)
      .filter((entry) => !entry.endsWith(".json"))
      .map((entry) => name + entry.slice(1)),
  );
  const lines = entries.map((entry, index) => `import * as entry${index} from "${entry}";`);
  // an import that nothing uses is left out
  return `${lines.join("\n")}\nexport const all = [${entries.map((_, index) => `entry${index}`).join(", ")}];\n`;
}

function run(folder: string, ...args: string[]): string[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: "utf8",
  });
  return status === 0 ? [] : [`An application of the packages fails:\n${stdout}${stderr}`];
}

const folder = mkdtempSync(join(tmpdir(), "spectron-packages-"));
try {
  const problems = checkPackages(folder);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
