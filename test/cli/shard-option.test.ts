import { describe, expect, it } from 'vitest';
import { chooseShard } from '../../src/cli/shard-option.ts';
import { joinJob } from '../../src/workflow/shards/job.ts';
import { useTemporaryFolder } from '../data/support.ts';

const path = useTemporaryFolder();
const full = {
  ...{ SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_MAX: '16' },
  ...{ SLURM_ARRAY_TASK_COUNT: '16', SLURM_ARRAY_TASK_STEP: '1' },
};
const again = { ...full, SLURM_ARRAY_TASK_MIN: '3', SLURM_ARRAY_TASK_MAX: '3', SLURM_ARRAY_TASK_COUNT: '1' };
const begin = (shards: number) => joinJob(path('out'), { kind: 'score', shards, pieces: [], common: {} });

describe('the shard', () => {
  it('is that which is named, whatever an array says', () => {
    expect(chooseShard({ number: 2, of: 4 }, path('out'), full)?.shard).toEqual({ number: 2, of: 4 });
    expect(chooseShard('none', path('out'), full)).toBeNull();
    expect(chooseShard(undefined, path('out'), {})).toBeNull();
  });

  it('is that of the array, and says by which variable', () => {
    const chosen = chooseShard(undefined, path('out'), full);
    expect(chosen?.shard).toEqual({ number: 3, of: 16 });
    expect(chosen?.said).toMatch(
      /^Shard 3\/16: its number by SLURM_ARRAY_TASK_ID=3, of 16 as the array has\. --shard none/,
    );
  });

  it('keeps the number of shards that the job was begun with where a part of the array is submitted again', () => {
    expect(() => chooseShard(undefined, path('out'), again)).toThrow(
      /not of how many.*--shard array\/16.*--shard none/,
    );
    begin(16);
    expect(chooseShard(undefined, path('out'), again)?.shard).toEqual({ number: 3, of: 16 });
    const first = { ...full, SLURM_ARRAY_TASK_ID: '2', SLURM_ARRAY_TASK_MAX: '2', SLURM_ARRAY_TASK_COUNT: '2' };
    expect(chooseShard(undefined, path('out'), first)?.shard).toEqual({ number: 2, of: 16 });
  });

  it('takes a count from --shard where the scheduler has none, and counts Kubernetes from 0', () => {
    expect(chooseShard({ of: 16 }, path('out'), { JOB_COMPLETION_INDEX: '0' })?.shard).toEqual({ number: 1, of: 16 });
    expect(chooseShard({ of: 16 }, path('out'), { PBS_ARRAY_INDEX: '16' })?.shard).toEqual({ number: 16, of: 16 });
  });

  it('is refused where the index is none of the shards, and where there is no array', () => {
    for (const env of [{ PBS_ARRAY_INDEX: '0' }, { PBS_ARRAY_INDEX: '17' }, { JOB_COMPLETION_INDEX: '16' }])
      expect(() => chooseShard({ of: 16 }, path('out'), env)).toThrow(
        /is no index of 16 shards; expected [01] to 1[65]/,
      );
    expect(() => chooseShard({ of: 16 }, path('out'), {})).toThrow(/in none that it knows.*--shard 1\/16/);
    begin(2);
    expect(() => chooseShard(undefined, path('out'), full)).toThrow(/is no index of 2 shards/);
  });
});
