using System.Diagnostics;
using DistBp.Learning;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>Hosts a <see cref="Coordinator"/>. What it reports goes to an <see cref="IRunReporter"/>, checkpoints to their writer's thread.</summary>
/// <param name="assigned">Told of each assignment that all members have taken up.</param>
/// <param name="term">See <see cref="Coordinator"/>.</param>
/// <param name="takesOver">See <see cref="Coordinator"/>.</param>
internal sealed class CoordinatorActor(
    TrainingPlan plan, TrainingMemory memory, IRunReporter reporter, ITransport transport, Action<Assignment> assigned, int term = 1, bool takesOver = false)
    : Actor(Address.Coordinator, transport)
{
    private readonly Coordinator _coordinator = new(plan, term, takesOver);
    private readonly TaskCompletionSource<RunOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>In words, for errors and the status page.</summary>
    public string Describe() => _coordinator.Describe();

    public Task<RunOutcome> Outcome => _outcome.Task;

    /// <summary>The checkpoint's writing that is under way or was last; never faults.</summary>
    public Task Writing { get; private set; } = Task.CompletedTask;

    protected override void Step(Message message, EffectList effects) => _coordinator.Step(message, effects);

    protected override void Perform(Effect effect)
    {
        switch (effect)
        {
            case HandOverAll e: HandOver(e.Assignment); break;
            case AnnounceAssignment e: Announce(e.Assignment); break;
            case ReportCopies e: reporter.OnCopies(e); break;
            case PersistReports: reporter.Persist(); break;
            case ReportLostResiduals e: reporter.OnLostResiduals(e); break;
            case GoBack e: _ = GoBackAsync(e); break;
            case MeasureStepping e: reporter.OnStepping(e); break;
            case ReportStep e: reporter.OnStep(e); break;
            case ReportStatistics e: reporter.OnStatistics(e); break;
            case ReportSkip e: reporter.OnSkip(e); break;
            case ReportEpoch e: Report(e); break;
            case WriteCheckpoint e: Writing = WriteAsync(e); break;
            case FinishRun e: _outcome.SetResult(e.Outcome); break;
            case FailDiverged e: _ = FailAsync(() => reporter.Diverged(e)); break;
            case FailCopies e: _ = FailAsync(() => CopiesDiffer(e)); break;
            default: throw new UnreachableException($"The coordinator's host was asked for {effect}.");
        }
    }

    private void HandOver(Assignment assignment)
    {
        foreach (int server in assignment.Servers)
        {
            foreach (int owner in (IEnumerable<int>)[server, .. assignment.BackedUpBy(server)])
            {
                ParameterShard shard = assignment.Shard(owner);
                if (shard.Count > 0) Transport.Send(Address, Address.Server(server), memory.StartOf(assignment.Generation, shard));
            }
        }
        if (!plan.KeepsResiduals) return;
        foreach (int worker in assignment.Workers)
        {
            IReadOnlyList<Subtree> subtrees = assignment.Subtrees(worker);
            if (subtrees.Count > 0)
                Transport.Send(Address, Address.Worker(worker), new HandResiduals(assignment.Generation, Address, memory.StartResiduals(subtrees)));
        }
    }

    private void Announce(Assignment assignment)
    {
        assigned(assignment);
        reporter.OnAssignment(assignment);
    }

    private void Report(ReportEpoch effect)
    {
        bool stop = reporter.OnEpoch(effect);
        if (plan.JudgesEpochs) Post(new EpochJudged(stop));
    }

    private async Task WriteAsync(WriteCheckpoint effect)
    {
        try
        {
            await Task.Run(() => reporter.WriteCheckpoint(effect)).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            Transport.Fail(failure);
        }
        Post(new CheckpointWritten(effect.Version));
    }

    private async Task GoBackAsync(GoBack effect)
    {
        await Writing.ConfigureAwait(false);
        try
        {
            Post(await Task.Run(() => reporter.GoBack(effect)).ConfigureAwait(false));
        }
        catch (Exception failure)
        {
            Transport.Fail(failure);
        }
    }

    /// <summary>After the checkpoint that is being written, so that the error can name it.</summary>
    private async Task FailAsync(Func<Exception> error)
    {
        await Writing.ConfigureAwait(false);
        try
        {
            Transport.Fail(error());
        }
        catch (Exception failure)
        {
            Transport.Fail(failure);
        }
    }

    private UserException CopiesDiffer(FailCopies failure) => new(
        ErrorKind.Cluster,
        $"the parameters of server {failure.Owner} and their copies differ at step {failure.Version} ({string.Join(", ", failure.Servers.Select(s => $"server {s}"))}): one of them is damaged",
        Describe(), "have the memory of these nodes checked; the run goes on from its last checkpoint with --resume");
}
