namespace DistBp.Learning;

/// <summary>Which step of which job: with a slice's number, the key of everything random in a step (dropout).</summary>
/// <param name="Seed">The job's.</param>
/// <param name="Step">Counted from 0 over the whole run.</param>
public readonly record struct StepIdentity(int Seed, long Step);
