import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** What a command was doing was stopped by Ctrl-C or a polite kill, and goes on the next time. */
export class Stopped extends Error {}

/** Starts commands, of which so many run at once as there are jobs, and stops them when this process is to stop. */
export class Processes {
  stopping = false;
  private readonly running = new Set<ChildProcess>();
  /** Cores of each job. */
  private readonly threads: number;

  constructor(
    private readonly jobs: number,
    private readonly python: string,
  ) {
    this.threads = Math.max(1, Math.floor(availableParallelism() / jobs));
    const stop = () => {
      this.stopping = true;
      // A training ends with a checkpoint; that it may have had the same signal from the terminal is no matter.
      for (const child of this.running) child.kill('SIGTERM');
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  }

  /** @returns what it prints @throws Stopped @throws Error when it fails; it has said why */
  cyclops(args: readonly string[]): Promise<string> {
    // Where several run at once their progress would be one tangle.
    const quiet = this.jobs > 1 || args[0] === 'evaluate' ? ['--quiet'] : [];
    const env = this.jobs > 1 ? { LP_NUM_THREADS: `${this.threads}` } : {};
    const command = ['--import', 'tsx', pathOf('src/cli/main.ts'), ...args, ...quiet];
    return this.run(`cyclops ${args[0]}`, process.execPath, command, env);
  }

  /** Likewise. */
  unet(args: readonly string[]): Promise<string> {
    const command = [pathOf('bench/peers/torch_unet.py'), ...args, '--threads', `${this.threads}`];
    return this.run('torch_unet.py', this.python, command, {});
  }

  private run(name: string, program: string, args: string[], env: Record<string, string>): Promise<string> {
    if (this.stopping) return Promise.reject(new Stopped());
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
    this.running.add(child);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        this.running.delete(child);
        if (code === 0) resolve(output);
        else if (this.stopping || code === 130) reject(new Stopped());
        else reject(new Error(`${name} ended with ${signal ?? `code ${code}`}; what it said stands above.`));
      });
    });
  }
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../${file}`, import.meta.url));
}
