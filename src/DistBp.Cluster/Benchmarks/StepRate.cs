using DistBp.Learning.Benchmarks;

namespace DistBp.Cluster.Benchmarks;

/// <summary>How fast a job steps, and where a step's time goes.</summary>
/// <param name="Data">Where the samples are from.</param>
/// <param name="Threads">That compute.</param>
/// <param name="SamplesPerSecond">Of the best epoch.</param>
/// <param name="MicrosecondsPerStep">The mean over all epochs but the first, in which the JIT is at work.</param>
/// <param name="Phases">Microseconds of such a step by phase, the mean of the threads: their sum is the step.</param>
/// <param name="ReduceBytesPerStep">Read and written by all servers: the workers' sums in, the mean gradient out.</param>
/// <param name="UpdateBytesPerStep">Read and written by all servers: parameters and optimizer state in and out, the gradient in.</param>
/// <param name="AllocatedBytesPerStep">On the managed heap, by all threads.</param>
public sealed record StepRate(
    string Model, string Data, int Parameters, int Batch, int Slices, int Workers, int Threads, double SamplesPerSecond,
    double MicrosecondsPerStep, IReadOnlyDictionary<StepPhase, double> Phases, long ReduceBytesPerStep, long UpdateBytesPerStep,
    double AllocatedBytesPerStep);
