/**
 * Uses the package as a program elsewhere does: installs it into an empty project in a temporary folder, and there compiles the examples in
 * every configuration, runs them, bundles them and runs the bundles. publint and Are The Types Wrong look at it too.
 *
 * Usage: tsx scripts/check-package.ts [--or-skip]. With --or-skip it ends well, and says why, where it cannot run.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleForPages } from './package/bundles.ts';
import { argumentsOf, type Consumer, makeConsumer } from './package/consumer.ts';
import { ensureTools, run, toolPath } from './package/tools.mjs';

/** Folders of the compilers: one beside the tools, one that compiles this repository. */
const COMPILERS = [toolPath('typescript'), fileURLToPath(new URL('../node_modules/typescript', import.meta.url))];
const MIB = 2 ** 20;

/** Examples of the engine and its kernels. */
const ENGINE_PROGRAMS = ['kernel-variant', 'edge'];

let failures = 0;

const say = (line: string) => console.log(`package: ${line}`);

/** Says how a check went, and all that was said where it failed. */
function report(name: string, { ok, said }: { ok: boolean; said: string }): void {
  say(`${ok ? 'ok    ' : 'FAILED'} ${name}`);
  if (ok) return;
  failures += 1;
  console.log(said);
}

function cannotRun(reason: string): never {
  const skips = process.argv.includes('--or-skip');
  say(`${skips ? 'SKIPPED, since it cannot run' : 'cannot run'}: ${reason}`);
  process.exit(skips ? 0 : 1);
}

/** What a program elsewhere may be compiled with. */
interface Configuration {
  /** Its folder. */
  readonly compiler: string;
  readonly dom: boolean;
  readonly webgpuTypes: boolean;
}

const BOTH = [true, false];
const CONFIGURATIONS: readonly Configuration[] = COMPILERS.flatMap((compiler) =>
  BOTH.flatMap((dom) => BOTH.map((webgpuTypes) => ({ compiler, dom, webgpuTypes }))),
);

function nameOf({ compiler, dom, webgpuTypes }: Configuration): string {
  const { version } = JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8'));
  return `TypeScript ${version}, ${dom ? 'with' : 'without'} DOM, ${webgpuTypes ? 'with' : 'without'} @webgpu/types`;
}

/** Compiles files of the project, and checks the declarations that they reach. @param outDir where the JavaScript goes */
function compile({ root }: Consumer, files: string[], { compiler, dom, webgpuTypes }: Configuration, outDir: string) {
  const compilerOptions = {
    ...{ target: 'ES2023', module: 'NodeNext', strict: true, skipLibCheck: false, rootDir: '.', outDir },
    rewriteRelativeImportExtensions: true,
    lib: dom ? ['ES2023', 'DOM'] : ['ES2023'],
    types: webgpuTypes ? ['@webgpu/types'] : [],
  };
  const config = `${outDir}.json`;
  writeFileSync(
    join(root, config),
    JSON.stringify({ compilerOptions, files: [...files, dom ? 'host-dom.d.ts' : 'host.d.ts'] }),
  );
  return run(process.execPath, [join(compiler, 'bin', 'tsc'), '-p', config], root);
}

/** The errors that a compiler told, by place and number. */
function errorsIn(said: string): Map<string, string> {
  return new Map([...said.matchAll(/^(.*error TS\d+):.*$/gm)].map(([line, place = '']) => [place, line]));
}

/**
 * Compiles all programs and all doors in every configuration. @webgpu/types has errors of its own where the DOM's declarations are
 * missing, and where they declare WebGPU too; those of an empty program do not count.
 *
 * @returns where the programs are, as JavaScript
 */
function compileEverywhere(consumer: Consumer): string {
  const files = [...consumer.programs, 'doors'].map((program) => `${program}.ts`);
  writeFileSync(join(consumer.root, 'empty.ts'), 'export {};\n');
  for (const [i, configuration] of CONFIGURATIONS.entries()) {
    const { ok, said } = compile(consumer, files, configuration, `compiled-${i}`);
    const found = errorsIn(said);
    const foreign = ok ? found : errorsIn(compile(consumer, ['empty.ts'], configuration, `empty-${i}`).said);
    const own = [...found].flatMap(([place, line]) => (foreign.has(place) ? [] : line));
    const passes = ok || (foreign.size > 0 && found.size === foreign.size && own.length === 0);
    const remark = passes && foreign.size > 0 ? `: the ${foreign.size} errors of an empty program, and no more` : '';
    report(`${nameOf(configuration)}${remark}`, { ok: passes, said: own.join('\n') || said });
  }
  return 'compiled-0';
}

/** What a program printed, but for the numbers: some are times. */
const apartFromNumbers = ({ stdout }: { stdout: string }) => stdout.replace(/ *\d+(\.\d+)?/g, '#');

/** Runs the programs and bundles of them, which must print the same apart from numbers. @param compiled the folder of the programs as JavaScript */
function execute({ root, programs, assets }: Consumer, compiled: string): void {
  for (const folder of [compiled, 'bundled']) {
    for (const asset of assets) cpSync(join(root, asset), join(root, folder, asset));
  }
  for (const program of programs) {
    const plain = run(process.execPath, [join(compiled, `${program}.js`), ...argumentsOf(program, 'plain')], root);
    report(`${program} runs in Node`, { ...plain, ok: plain.ok && plain.stdout !== '' });

    const outfile = join('bundled', `${program}.js`);
    // Packages in CommonJS ask for Node's modules by a function that modules lack; the binaries of `webgpu` and `sharp` cannot be bundled.
    const require =
      "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";
    const options = [
      '--bundle',
      '--platform=node',
      '--format=esm',
      '--external:webgpu',
      '--external:sharp',
      `--banner:js=${require}`,
    ];
    const esbuild = [toolPath('esbuild/bin/esbuild'), join(compiled, `${program}.js`), ...options];
    const bundled = run(process.execPath, [...esbuild, `--outfile=${outfile}`, '--log-level=warning'], root);
    report(`${program} is bundled without a warning`, { ...bundled, ok: bundled.ok && bundled.said === '' });
    const bundle = run(process.execPath, [outfile, ...argumentsOf(program, 'bundle')], root);
    report(`${program} as a bundle prints the same`, {
      ...bundle,
      ok: bundle.ok && apartFromNumbers(bundle) === apartFromNumbers(plain),
    });
  }
}

/** The command of the installed package. */
function runCommand({ root }: Consumer): void {
  const command = join('node_modules', '.bin', 'cyclops');
  report('the command cyclops tells its version', run(command, ['--version'], root));
  const demo = run(command, ['demo'], root);
  report('cyclops demo says where its photographs are', { ...demo, ok: !demo.ok && /in a clone/.test(demo.said) });
}

/** The engine alone, as who asks for nothing else installs it. */
function checkEngineAlone(consumer: Consumer, compiled: string): void {
  const root = join(consumer.root, '..', 'engine');
  mkdirSync(root);
  const dependencies = { 'cyclops-vision': `file:${consumer.tarball}` };
  writeFileSync(join(root, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  const install = ['install', '--omit=optional', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  const installed = run('npm', install, root);
  const { optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const packages = installed.ok ? readdirSync(join(root, 'node_modules')) : [];
  const surplus = Object.keys(optionalDependencies).filter((name) => packages.includes(name));
  report('the engine alone is installed without any of the optional packages', {
    ok: packages.includes('webgpu') && surplus.length === 0,
    said: `${installed.said}\n${surplus.join(' ')}`,
  });
  cpSync(join(consumer.root, compiled), root, { recursive: true });
  for (const program of ENGINE_PROGRAMS)
    report(`${program} runs with it`, run(process.execPath, [`${program}.js`], root));
  const command = run(join('node_modules', '.bin', 'cyclops'), ['--version'], root);
  report('the command says there what it lacks', { ...command, ok: !command.ok && /not installed/.test(command.said) });
}

function packageName(): string {
  return JSON.parse(readFileSync('package.json', 'utf8')).name;
}

function bytesIn(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

function sizes({ root, packedBytes, unpackedBytes }: Consumer): void {
  const mebibytes = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
  const modules = join(root, 'node_modules');
  say(
    `packed ${mebibytes(packedBytes)}, unpacked ${mebibytes(unpackedBytes)}; with its packages ${mebibytes(bytesIn(modules))}`,
  );
  const dawn = join(modules, 'webgpu', 'dist');
  const platforms = readdirSync(dawn).map((name) => `${name} ${mebibytes(bytesIn(join(dawn, name)))}`);
  say(`of which Dawn for ${platforms.length} platforms is ${mebibytes(bytesIn(dawn))}: ${platforms.join(', ')}`);
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
// Which kernel is fastest here is not the question, and takes its time.
process.env.CYCLOPS_TUNE = 'off';
if (!ensureTools()) cannotRun('its tools, scripts/package/package.json, cannot be installed; npm says why above');
const build = run(process.execPath, ['scripts/build.mjs'], process.cwd());
report('the package can be built', build);
if (!build.ok) process.exit(1);
const work = mkdtempSync(join(tmpdir(), 'cyclops-consumer-'));
try {
  const consumer = makeConsumer(work);
  if ('problem' in consumer) {
    const offline = /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONN|ENETUNREACH/.exec(consumer.problem);
    if (offline)
      cannotRun(`npm cannot reach its registry (${offline[0]}), from which an empty project would install the package`);
    report('the package can be installed', { ok: false, said: consumer.problem });
  } else {
    const compiled = compileEverywhere(consumer);
    execute(consumer, compiled);
    checkEngineAlone(consumer, compiled);
    for (const { name, tool, problem, gzipped } of bundleForPages(consumer, packageName())) {
      report(`the ${name} is bundled for pages by ${tool}: ${gzipped} bytes by gzip`, {
        ok: problem === null,
        said: problem ?? '',
      });
    }
    runCommand(consumer);
    report(
      'publint',
      run(process.execPath, [toolPath('publint/src/cli.js'), 'run', consumer.tarball, '--strict'], work),
    );
    const types = [toolPath('@arethetypeswrong/cli/dist/index.js'), consumer.tarball, '--profile', 'esm-only'];
    report('Are The Types Wrong', run(process.execPath, types, work));
    sizes(consumer);
  }
} finally {
  rmSync(work, { recursive: true });
}
say(failures === 0 ? 'all is well' : `${failures} failed`);
if (failures > 0) process.exitCode = 1;
