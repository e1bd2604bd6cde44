using System.Text.Json;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Wire.Control;
using DistBp.Learning;

namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>How a run ended, as a message, and back.</summary>
internal static class RunEndMessage
{
    private const int BugCode = 1;

    public static RunEnd Of(RunResult result) => new() { Result = JsonSerializer.Serialize(result, RunResultJson.Default.RunResult) };

    public static RunEnd Of(Exception error)
    {
        var failure = new RunFailure { ExitCode = error is UserException user ? (uint)user.Kind : BugCode };
        if (error is UserException { Problems: var problems })
            failure.Problems.AddRange(problems.Select(p => new RunProblem { What = p.What, Where = p.Where, Remedy = p.Remedy }));
        else
            failure.Problems.Add(new RunProblem { What = $"{error.GetType().Name}: {error.Message}" });
        return new RunEnd { Failure = failure };
    }

    /// <exception cref="UserException">The run failed so.</exception>
    /// <exception cref="RemoteBugException">The run failed by a bug.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before it began.</exception>
    public static RunResult Read(RunEnd end, string job)
    {
        if (end.EndCase == RunEnd.EndOneofCase.NeverRan) throw new OperationCanceledException($"The job {job} was cancelled before it began.");
        if (end.EndCase == RunEnd.EndOneofCase.Result) return JsonSerializer.Deserialize(end.Result, RunResultJson.Default.RunResult)!;
        Problem[] problems = [.. end.Failure.Problems.Select(p => new Problem(p.What, p.Where, p.Remedy))];
        var kind = (ErrorKind)end.Failure.ExitCode;
        if (problems.Length > 0 && Enum.IsDefined(kind) && kind != ErrorKind.None) throw new UserException(kind, problems);
        throw new RemoteBugException($"the job {job} ended on the coordinator's node with: {problems.FirstOrDefault()?.What}");
    }
}
