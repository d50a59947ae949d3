/** What is wrong with a kernel's text, and where in the file that a person edits. */
import type { Kernel } from './launch.ts';

/** A shader module; `fault` says once the device has compiled it what is wrong with it, one paragraph an error, or null. */
interface CompiledShader {
  readonly module: GPUShaderModule;
  readonly fault: Promise<string | null>;
}

/**
 * Compiles a kernel's text. Its errors come out here and are not reported as uncaptured errors of the device.
 *
 * @param lower changes the text within its lines
 */
export function compileShader(
  device: GPUDevice,
  kernel: Kernel,
  lower: (code: string) => string = (code) => code,
): CompiledShader {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label: kernel.name, code: lower(kernel.code) });
  return { module, fault: faultOf(kernel, module, device.popErrorScope()) };
}

async function faultOf(
  kernel: Kernel,
  module: GPUShaderModule,
  validation: Promise<GPUError | null>,
): Promise<string | null> {
  // Both reject when the device is gone, which is reported by itself.
  const [info, error] = await Promise.all([module.getCompilationInfo(), validation]).catch(() => [null, null]);
  if (!info || !error) return null;
  const errors = info.messages.filter(({ type }) => type === 'error').map((message) => located(kernel, message));
  return errors.length > 0 ? errors.join('\n') : `${kernel.name}: ${error.message}`;
}

/** e.g. `src/kernels/wgsl/elementwise/scale.wgsl:11:14: unresolved value 'y'`, and below it the line with a mark under the place. */
function located(kernel: Kernel, { lineNum, linePos, length, message }: GPUCompilationMessage): string {
  const { file, line } = kernel.lines?.[lineNum - 1] ?? { file: kernel.name, line: lineNum };
  const text = kernel.code.split('\n')[lineNum - 1] ?? '';
  const before = text.slice(0, linePos - 1).replace(/\S/g, ' ');
  const mark = '^'.repeat(Math.max(1, Math.min(length, text.length - before.length)));
  return `${file}:${line}:${linePos}: ${message}\n  ${text}\n  ${before}${mark}`;
}
