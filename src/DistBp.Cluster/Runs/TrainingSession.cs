using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Storage.Ledgers;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Data.Augmentation;
using DistBp.Learning.Encodings;
using DistBp.Learning.Layers;
using DistBp.Learning.Metrics;
using DistBp.Learning.Optimizers;
using DistBp.Learning.Schedules;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;
using EventLog = DistBp.Cluster.Storage.EventLog;

namespace DistBp.Cluster.Runs;

/// <summary>One training run in this process: load, check, make or open the run's folder, run the cluster, leave the result.</summary>
public sealed class TrainingSession
{
    /// <summary>An epoch's event is among the last of so many.</summary>
    private const int MaxEventBytes = 1 << 20;

    private readonly JobDescription _job;
    private readonly TrainingOptions _options;
    private readonly SessionVariant _variant;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly long _begin;
    private readonly TrainingData _data;
    private readonly Network _network;
    private readonly int _workers;
    private readonly int _servers;

    /// <summary>Parameters that the initial weights do not give.</summary>
    private string[] _startAtRandom = [];

    private TrainingSession(JobDescription job, TrainingOptions options, SessionVariant variant)
    {
        (_job, _options, _variant, _begin) = (job, options, variant, _time.GetTimestamp());
        _workers = options.Workers > 0 ? options.Workers : Environment.ProcessorCount;
        _servers = options.Servers > 0 ? options.Servers : _workers;
        _data = variant.Data ?? DataLoader.Load(job.Data, job.Target, job.Seed, job.BaseFolder);
        AugmentationChecks.Check(job.Data.Augment, _data.Train);
        _network = JobNetwork.Build(job, _data.Schema);
        foreach (Dataset? part in new[] { _data.Train, _data.Validation, _data.Test })
        {
            if (part is not null) TokenCheck.Require(_network, part);
        }
        LayerRates.OfViews(job.Rates, _network);
        if (job.Batch > _data.Train.Count)
        {
            throw new UserException(
                ErrorKind.Usage, $"a mini-batch of {job.Batch} samples is larger than the training part, which has {_data.Train.Count}", "batch",
                $"set batch to at most {_data.Train.Count}");
        }
        if (job.Batch < 2 * job.Slices && _network.Layers.OfType<BatchNormLayer>().FirstOrDefault(l => l.NeedsSeveralSamples) is { } norm)
        {
            throw new UserException(
                ErrorKind.Usage, $"slices of a mini-batch have one sample alone, in which layer '{norm.Name}' has nothing to normalize", "slices",
                $"use at most {job.Batch / 2} slices");
        }
        if (!options.Resume) RequireInitialWeights();
    }

    /// <param name="stop">Finishes the step, saves, and ends the run as interrupted.</param>
    /// <exception cref="UserException">Bad job, data, folder or checkpoint, or the training diverged.</exception>
    public static Task<RunResult> RunAsync(
        JobDescription job, TrainingOptions options, IReadOnlyList<IRunObserver> observers, CancellationToken stop) =>
        RunAsync(job, options, SessionVariant.Training, observers, stop);

    /// <summary>A run that is part of something greater: a trial, a fold, a range test.</summary>
    internal static async Task<RunResult> RunAsync(
        JobDescription job, TrainingOptions options, SessionVariant variant, IReadOnlyList<IRunObserver> observers, CancellationToken stop)
    {
        var session = new TrainingSession(job, options, variant);
        using RunFolder folder = session.OpenFolder();
        using EventLog log = EventLog.Open(options.EventsFile ?? folder.Paths.Events, session._time);
        var recorder = new EventRecorder(log, session._time);
        try
        {
            RunResult result = await session.RunAsync(folder.Paths, [recorder, .. observers], stop).ConfigureAwait(false);
            log.RequireWritten();
            return result;
        }
        catch (Exception failure) when (failure is not ReignEndedException)
        {
            recorder.OnFailed();
            throw;
        }
    }

    /// <summary>Before there is a folder: a job that is refused leaves none behind.</summary>
    private void RequireInitialWeights()
    {
        if (_job.InitialWeights is not null) LoadInitialWeights(new TensorBuffer(_network.Parameters.Count).Span);
    }

    private void LoadInitialWeights(Span<float> parameters)
    {
        if (_job.InitialWeights is not { } file) return;
        IReadOnlyList<string> loaded = ParameterFile.Load(
            Path.GetFullPath(file, _job.BaseFolder), _network.Parameters, parameters, _job.Partial, _job.Rename);
        _startAtRandom = [.. _network.Parameters.Views.Select(v => v.Name).Except(loaded)];
    }

    private RunFolder OpenFolder()
    {
        _variant.RequireHeld();
        return _options.Resume ? RunFolder.Resume(_options.OutFolder!, _variant.FencesFolder)
            : _options.OutFolder is { } named ? RunFolder.CreateAt(named)
            : RunFolder.CreateNamed(_options.RunsFolder, _job.Name, _time);
    }

    /// <summary>Before the reporter is there, nobody else tells anything.</summary>
    private static void Warn(TrainingReporter? reporter, IReadOnlyList<IRunObserver> observers, string text)
    {
        if (reporter is not null) reporter.Warn(text);
        else foreach (IRunObserver observer in observers) observer.OnWarning(text);
    }

    /// <summary>As wholes: a run that is resumed and killed here keeps the ones before.</summary>
    private static void Describe(RunPaths paths, string job, byte[] schema)
    {
        try
        {
            DurableFile.Replace(paths.Job, Encoding.UTF8.GetBytes(job));
            DurableFile.Replace(paths.Preprocessing, schema);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.CannotWrite("the run's description", paths.Folder, schema.Length, e);
        }
    }

    private async Task<RunResult> RunAsync(RunPaths paths, IReadOnlyList<IRunObserver> observers, CancellationToken stop)
    {
        TrainingReporter? reporter = null;
        CheckpointPlaces checkpoints = CheckpointPlaces.OpenForWriting(
            paths.Checkpoints, _job.Checkpoint.Keep, CheckpointPlaces.MirrorOf(paths.Folder, _variant.WritesCheckpoints ? _job.Checkpoint.Mirror : null, _job.BaseFolder),
            isNew: !_options.Resume, text => Warn(reporter, observers, text));
        checkpoints.Require = _variant.RequireHeld;
        await using ConfiguredAsyncDisposable copying = checkpoints.ConfigureAwait(false);
        var identity = new CheckpointIdentity(
            JobFile.Hash(_job), _job.Seed, _job.Slices, _job.Batch, _network.Parameters, _job.ServerOptimizer.Kind,
            Optimizer.Create(_job.ServerOptimizer).StateNames);
        CheckpointSearch search = checkpoints.FindNewestIntact(identity);
        RequireBest(search.Checkpoint);
        TrainingMemory memory = CreateMemory(search.Checkpoint);
        RequireSameSteps(search.Checkpoint, memory.Geometry.StepsPerEpoch);
        byte[] schema = _data.Schema.Write();
        bool refitted = search.Checkpoint is not null && File.Exists(paths.Preprocessing)
            && !File.ReadAllBytes(paths.Preprocessing).AsSpan().SequenceEqual(schema);
        // Only now: a folder that turns out to be of another job keeps what describes it.
        Describe(paths, JobFile.Write(_job), schema);
        // Before the training: a result that cannot be read must not cost a run.
        int restarts = _variant.Restarts is { } known ? known : _options.Resume && File.Exists(paths.Result) ? RunResult.Load(paths.Result).Restarts + 1 : _options.Resume ? 1 : 0;
        TrainingPlan plan = Plan(memory, search.Checkpoint);
        checkpoints.GoodUpTo = plan.StartVersion - 1;
        var ledgerIdentity = new LedgerIdentity(identity.JobHash, _job.Seed, memory.Geometry);
        using LedgerWriter ledger = _variant.TakesOver
            ? LedgerWriter.GoOn(paths.Ledger, ledgerIdentity, plan.StartVersion, _time)
            : LedgerWriter.Open(paths.Ledger, ledgerIdentity, plan.StartVersion, _time);
        if (ledger.KnownBefore is { } persisted) plan = plan with { PersistedBefore = persisted };
        reporter = new TrainingReporter(
            memory, checkpoints, identity, ledger, _servers, observers, _variant, () => GoBack(memory, checkpoints, identity), _time)
        {
            EpochsTold = _variant.TakesOver ? EpochsTold(paths.Events) : 0,
        };
        RunStarted started = Announce(paths, plan, search, refitted, ledger.Warning, observers);

        RunOutcome outcome;
        (double Sent, double Received) bytes;
        var parts = new SessionParts(_data, memory, plan, reporter, started, reporter.Tell);
        IRunCluster cluster = _variant.Cluster?.Invoke(parts) ?? new LocalCluster(memory, plan, reporter, _workers, _servers);
        await using (cluster.ConfigureAwait(false))
        {
            outcome = await cluster.RunAsync(stop).ConfigureAwait(false);
            bytes = cluster.BytesANode;
        }

        _variant.RequireHeld();
        if (outcome.Status != RunStatus.Interrupted) reporter.RequireFinite(outcome);
        ParameterFile.Save(paths.Parameters, _network.Parameters, memory.Parameters.Memory);
        RunResult result = Result(outcome, reporter, memory, restarts, bytes);
        result.Save(paths.Result);
        // After what the run was for.
        ledger.RequireWritten();
        reporter.RequireSaved(outcome.Version, paths.Parameters);
        await checkpoints.FinishAsync().ConfigureAwait(false);
        if (outcome.Status != RunStatus.Interrupted) checkpoints.EndGood();
        foreach (IRunObserver observer in observers) observer.OnEnded(result);
        return result;
    }

    /// <summary>Whether the best parameters are kept may differ between a run's pieces; those of an epoch that kept none are gone.</summary>
    private void RequireBest(Checkpoint? checkpoint)
    {
        if (checkpoint is null || checkpoint.Manifest.HasBest || _job.EarlyStopping is not { RestoreBest: true }) return;
        int bestEpoch = TrainingProgress.FromNumbers(checkpoint.Manifest.Coordinator).BestEpoch;
        if (bestEpoch == 0) return;
        throw new UserException(
            ErrorKind.Usage, $"the checkpoint {checkpoint.Folder} has not kept the parameters of the best epoch so far, which is {bestEpoch}",
            "earlyStopping.restoreBest", "go on with restoreBest: false, as the checkpoint was written, or train into another folder with --out");
    }

    /// <summary>Where a checkpoint stands in its epoch has a meaning only with as many steps an epoch as it was written with.</summary>
    private static void RequireSameSteps(Checkpoint? checkpoint, int stepsPerEpoch)
    {
        if (checkpoint is null) return;
        (long step, int epoch, int stepInEpoch) = checkpoint.Position;
        if (step == ((long)epoch * stepsPerEpoch) + stepInEpoch && stepInEpoch < stepsPerEpoch) return;
        throw new UserException(
            ErrorKind.Data, $"the training data are not those of the checkpoint: an epoch has {stepsPerEpoch} steps now, and step {step} was in epoch {epoch + 1}",
            checkpoint.Folder, "bring the data back as they were, or train into another folder with --out");
    }

    private TrainingMemory CreateMemory(Checkpoint? checkpoint)
    {
        var memory = new TrainingMemory(_job, _network, DataParts.Of(_data));
        Begin(memory, checkpoint);
        return memory;
    }

    private void Begin(TrainingMemory memory, Checkpoint? checkpoint)
    {
        ParameterLayout layout = _network.Parameters;
        memory.Start = checkpoint;
        if (checkpoint is null)
        {
            _network.InitializeParameters(_job.Seed, memory.Held.Span);
            LoadInitialWeights(memory.Held.Span);
        }
        else
        {
            checkpoint.LoadParameters(layout, memory.Held.Span);
        }
        // What no server owns stays as it is.
        if (memory.Held != memory.Parameters) memory.Held.Span.CopyTo(memory.Parameters.Span);
        if (checkpoint is { Manifest.HasBest: true }) checkpoint.LoadBest(layout, memory.Snapshots.Best.Span);
    }

    private CheckpointSearch GoBack(TrainingMemory memory, CheckpointPlaces checkpoints, CheckpointIdentity identity)
    {
        CheckpointSearch search = checkpoints.FindNewestIntact(identity);
        Begin(memory, search.Checkpoint);
        return search;
    }

    private TrainingPlan Plan(TrainingMemory memory, Checkpoint? checkpoint) => new()
    {
        Slices = _job.Slices,
        UpdatedCount = _network.Parameters.UpdatedCount,
        Replication = _job.Replication,
        StepsPerEpoch = memory.Geometry.StepsPerEpoch,
        Epochs = _job.Epochs,
        StartVersion = checkpoint?.Position.Step ?? 0,
        StartProgress = checkpoint is null
            ? TrainingProgress.Start(_network.Metrics.Count)
            : TrainingProgress.FromNumbers(checkpoint.Manifest.Coordinator),
        Metrics = _network.Metrics,
        EvaluationSamples = memory.Parts.ToDictionary(p => p, p => memory.Part(p).Count),
        FinalParts = _data.Test is null ? [] : [DataPart.Test],
        WritesCheckpoints = _variant.WritesCheckpoints,
        JudgesEpochs = _variant.EndsAfter is not null,
        OutlivesCoordinator = _variant.OutlivesCoordinator,
        CheckpointEverySteps = _job.Checkpoint.EverySteps,
        KeepsResiduals = _job.Wire.Gradients.KeepsResidual,
        RoundsParameters = _job.Wire.Parameters != ParameterEncoding.F32,
        Consistency = _job.Consistency,
        MaxSkips = _job.NonFinite?.MaxSkips ?? 0,
        EarlyStopping = EarlyStoppingPlan(_job.EarlyStopping),
        Plateau = _job.Schedule as PlateauSchedule,
    };

    private static EarlyStopping? EarlyStoppingPlan(EarlyStoppingDescription? description) => description is null ? null : new EarlyStopping(
        description.Metric.StartsWith("validation", StringComparison.Ordinal) ? DataPart.Validation : DataPart.Train,
        description.Metric.EndsWith("Accuracy", StringComparison.Ordinal), description.Patience, description.MinDelta, description.RestoreBest);

    /// <summary>The newest epoch that the run's events tell of; 0 without one.</summary>
    private static int EpochsTold(string events)
    {
        foreach (string line in EventTail.Read(events, MaxEventBytes).Lines.Reverse())
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (document.RootElement.GetProperty("event").GetString() == "epoch") return document.RootElement.GetProperty("epoch").GetInt32();
        }
        return 0;
    }

    private RunStarted Announce(
        RunPaths paths, TrainingPlan plan, CheckpointSearch search, bool refitted, string ledgerWarning, IReadOnlyList<IRunObserver> observers)
    {
        var started = new RunStarted(
            _job, paths.Folder, _workers, _servers, LocalCluster.ThreadCount(_workers), _data.Schema.SampleShape,
            _network.Parameters.Count, _data.Train.Count, _data.Validation?.Count ?? 0, _data.Test?.Count ?? 0, plan.StepsPerEpoch, plan.StartVersion, plan.TotalSteps);
        foreach (IRunObserver observer in observers)
        {
            observer.OnStarted(started);
            foreach (DamagedCheckpoint damaged in search.Damaged)
                observer.OnWarning($"the checkpoint {damaged.Folder} is damaged ({damaged.Why}): {search.Checkpoint!.Folder} is used instead, step {plan.StartVersion}");
            if (search.Checkpoint is { } start && Path.GetDirectoryName(start.Folder) != paths.Checkpoints)
                observer.OnWarning($"{paths.Checkpoints} has no intact checkpoint as new as its mirror: {start.Folder} is used, step {plan.StartVersion}");
            if (_options.Resume && !_variant.TakesOver && search.Checkpoint is null)
                observer.OnWarning($"{paths.Checkpoints} has no checkpoint: the run starts from the beginning");
            if (_startAtRandom.Length > 0)
            {
                observer.OnWarning($"{_job.InitialWeights} gives {_network.Parameters.Views.Count - _startAtRandom.Length} of "
                    + $"{_network.Parameters.Views.Count} parameters; at random start {NearestName.List(_startAtRandom)}");
            }
            if (ledgerWarning.Length > 0) observer.OnWarning(ledgerWarning);
            if (_variant.TakesOver)
                observer.OnWarning("another coordinator goes on with the run: from where its members are, as far as they are back");
            if (refitted)
                observer.OnWarning("the training data are not what they were: preprocessing is fitted anew, and the run goes on with other inputs");
            if (_job.Wire.Caveat is { } caveat) observer.OnWarning(caveat);
            if (_servers <= _job.Replication) observer.OnWarning(ReplicationText.TooFew(_job.Replication, _servers));
            if (_job.Consistency.Caveat is { } inconsistency) observer.OnWarning(inconsistency);
            if (!_variant.TakesOver && HasOtherSubtrees(search.Checkpoint))
                observer.OnWarning("the checkpoint was written with another number of workers: residuals of the gradients' encoding are added up over the new ones, which changes the bits");
            if (_workers > _job.Slices)
                observer.OnWarning($"{_workers} workers share {_job.Slices} slices: {_workers - _job.Slices} of them stay idle (set slices in the job; that changes its bits)");
        }
        return started;
    }

    /// <summary>Whether residuals belong to subtrees that no worker has now.</summary>
    private bool HasOtherSubtrees(Checkpoint? checkpoint)
    {
        if (checkpoint is null || checkpoint.Manifest.ResidualFiles.Count == 0) return false;
        var assignment = Assignment.OfCounts(new Generation(1, 1), _workers, _servers, _job.Slices, _network.Parameters.UpdatedCount);
        IEnumerable<Subtree> subtrees = Enumerable.Range(0, _workers).SelectMany(assignment.Subtrees);
        return checkpoint.Manifest.ResidualFiles.Select(f => f.Subtree).Except(subtrees).Any();
    }

    /// <summary>Never less than this session's: the clocks of two coordinators may differ.</summary>
    private TimeSpan WallTime
    {
        get
        {
            TimeSpan here = _time.GetElapsedTime(_begin), all = _variant.Began is { } began ? _time.GetUtcNow() - began : here;
            return all > here ? all : here;
        }
    }

    private RunResult Result(RunOutcome outcome, TrainingReporter reporter, TrainingMemory memory, int restarts, (double Sent, double Received) bytes)
    {
        MetricValues? train = reporter.Values(outcome.TrainSums), validation = reporter.Values(outcome.ValidationSums);
        MetricValues? test = reporter.Values(outcome.FinalSums.GetValueOrDefault(DataPart.Test));
        SteppingClock clock = reporter.Clock;
        using Process self = Process.GetCurrentProcess();
        return new RunResult(
            _job.Name, outcome.Status, outcome.Version, outcome.Epochs, train?.Loss, validation?.Loss, test?.Loss, train?.Accuracy,
            validation?.Accuracy, test?.Accuracy, WeightsHash.Compute(_network.Parameters, memory.Parameters.Span), _network.Parameters.Count,
            clock.BestSamplesPerSecond, clock.Epochs > 0 ? clock.Total.TotalSeconds / clock.Epochs : clock.Total.TotalSeconds,
            WallTime.TotalSeconds, _workers, _servers, _job.Slices, self.PeakWorkingSet64,
            (long)(bytes.Sent / Math.Max(1, reporter.Steps)), (long)(bytes.Received / Math.Max(1, reporter.Steps)), restarts, outcome.LostSteps)
        {
            ClippedSteps = _job.Clip == new Learning.Optimizers.ClipDescription() ? null : outcome.ClippedSteps,
            SkippedSteps = _job.NonFinite is { MaxSkips: > 0 } ? outcome.SkippedSteps : null,
            Findings = reporter.Findings.Count == 0 ? null : reporter.Findings,
        };
    }
}
