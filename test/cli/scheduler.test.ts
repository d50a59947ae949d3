import { describe, expect, it } from 'vitest';
import { arrayJob } from '../../src/cli/scheduler.ts';

const slurm = (id: number, min: number, max: number, count: number, step = 1) => ({
  SLURM_ARRAY_TASK_ID: `${id}`,
  SLURM_ARRAY_TASK_MIN: `${min}`,
  SLURM_ARRAY_TASK_MAX: `${max}`,
  SLURM_ARRAY_TASK_COUNT: `${count}`,
  SLURM_ARRAY_TASK_STEP: `${step}`,
});

describe('the place of a job in an array', () => {
  it('is none outside of arrays, as each scheduler says it', () => {
    expect(arrayJob({})).toBeNull();
    expect(
      arrayJob({ SLURM_JOB_ID: '7', LSB_JOBINDEX: '0', SGE_TASK_ID: 'undefined', PBS_ARRAY_INDEX: '' }),
    ).toBeNull();
  });

  it('comes with a count where the indices follow one another from the first on', () => {
    const of16 = { base: 1, count: 16 };
    expect(arrayJob(slurm(3, 1, 16, 16))).toEqual({ variable: 'SLURM_ARRAY_TASK_ID=3', index: 3, ...of16 });
    expect(arrayJob({ LSB_JOBINDEX: '3', LSB_JOBINDEX_END: '16' })).toMatchObject({ index: 3, ...of16 });
    const sge = { SGE_TASK_ID: '3', SGE_TASK_FIRST: '1', SGE_TASK_LAST: '16', SGE_TASK_STEPSIZE: '1' };
    expect(arrayJob(sge)).toMatchObject({ index: 3, ...of16 });
    expect(arrayJob(slurm(1, 1, 1, 1))).toMatchObject({ index: 1, count: 1 });
  });

  it('comes without one where some indices are left out, or the scheduler does not say', () => {
    const withoutCount: [string, NodeJS.ProcessEnv][] = [
      ['one index of many, submitted again', slurm(3, 3, 3, 1)],
      ['a list with a gap', slurm(1, 1, 16, 2)],
      ['a step', slurm(3, 1, 15, 8, 2)],
      ['from zero', slurm(0, 0, 15, 16)],
      ['LSF with a step', { LSB_JOBINDEX: '3', LSB_JOBINDEX_END: '15', LSB_JOBINDEX_STEP: '2' }],
      ['Grid Engine from 3 on', { SGE_TASK_ID: '3', SGE_TASK_FIRST: '3', SGE_TASK_LAST: '16', SGE_TASK_STEPSIZE: '1' }],
      ['PBS', { PBS_ARRAY_INDEX: '3' }],
      ['Torque', { PBS_ARRAYID: '3' }],
      ['Kubernetes', { JOB_COMPLETION_INDEX: '2' }],
    ];
    for (const [what, env] of withoutCount) expect([what, arrayJob(env)?.count]).toEqual([what, null]);
    expect(arrayJob({ JOB_COMPLETION_INDEX: '2' })).toMatchObject({ index: 2, base: 0 });
  });

  it('is refused where two schedulers contradict each other, and where it is no number', () => {
    expect(() => arrayJob({ PBS_ARRAY_INDEX: '3', JOB_COMPLETION_INDEX: '2' })).toThrow(
      /PBS_ARRAY_INDEX is 3, and JOB_COMPLETION_INDEX is 2.*--shard none/,
    );
    expect(() => arrayJob({ SLURM_ARRAY_TASK_ID: 'three' })).toThrow(
      /SLURM_ARRAY_TASK_ID is three; expected a whole number/,
    );
  });
});
