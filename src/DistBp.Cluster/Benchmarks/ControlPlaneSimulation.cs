using System.Diagnostics;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Wire.Members;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Metrics;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Membership;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Benchmarks;

/// <summary>
/// The real state machines of a whole cluster in one thread, over a model without parameters: what is left is the control plane. Each message is written by the codec of the wire once, for its
/// size; each member's messages are handled in the order in which they were sent.
/// </summary>
public sealed class ControlPlaneSimulation
{
    private static readonly Address s_coordinator = Address.Coordinator;
    private readonly int _steps;
    private readonly int _workerCount;
    private readonly Worker[] _workers;
    private readonly ParameterServer[] _servers;
    private readonly Coordinator _coordinator;
    private readonly Roster _roster = new(new FailureDetection(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(2)));
    private readonly Queue<(Address From, Address To, Message Message)> _queue = [];
    private readonly Dictionary<int, IReadOnlyList<Subtree>> _subtrees = [];
    private readonly Dictionary<Role, long> _bytes = new() { [Role.Coordinator] = 0, [Role.Server] = 0, [Role.Worker] = 0 };
    private readonly List<TensorBytes> _tensors = [];
    private readonly Gradient _nothing = new(new ParameterLayout([]), maxSamples: 0);
    private TimeSpan _coordinating;
    private TimeSpan _changing;
    private long _messages;
    private long _assigningBytes;
    private long _wholeSteps;
    private bool _isStepping;
    private bool _isChanging;
    private bool _ended;

    public ControlPlaneSimulation(int workers, int servers, int steps)
    {
        (_workerCount, _steps) = (workers, steps);
        _workers = [.. Enumerable.Range(0, workers).Select(w => new Worker(w))];
        _servers = [.. Enumerable.Range(0, servers).Select(s => new ParameterServer(s))];
        JobDescription job = BenchmarkJob.Mlp(64);
        MetricSet metrics = Network.Build(job.Model, new TensorShape(1, 28, 28), new TargetDescription(job.Target, new TensorShape(), BenchmarkJob.Classes), job.Loss).Metrics;
        _coordinator = new Coordinator(new TrainingPlan
        {
            Slices = workers, UpdatedCount = 0, StepsPerEpoch = steps, Epochs = 1, StartProgress = TrainingProgress.Start(metrics.Count), Metrics = metrics,
            EvaluationSamples = new Dictionary<DataPart, int>(), FinalParts = [], WritesCheckpoints = false,
        });
    }

    public ControlPlaneFigures Run()
    {
        Join();
        int[] servers = [.. Enumerable.Range(0, _servers.Length)];
        ToCoordinator(new MembersChanged([.. Enumerable.Range(0, _workerCount)], servers, []));
        TimeSpan joining = default;
        bool left = false;
        while (_queue.TryDequeue(out (Address From, Address To, Message Message) next))
        {
            if (_isStepping && joining == default) (joining, _coordinating) = (_coordinating, default);
            Deliver(next.To, next.Message);
            if (left || _wholeSteps < _steps / 2) continue;
            left = _isChanging = true;
            Leave();
            ToCoordinator(new MembersChanged([.. Enumerable.Range(0, _workerCount - _workerCount / 10)], servers, []));
        }
        if (!_ended) throw new UnreachableException($"The simulated run stands still: {_coordinator.Describe()}; {_servers[0].Describe()}; {_workers[0].Describe()}.");
        return new ControlPlaneFigures(
            joining, _coordinating, _changing, (double)_bytes[Role.Worker] / _workerCount, (double)_bytes[Role.Server] / _servers.Length, _bytes[Role.Coordinator], _messages)
        {
            AssigningBytes = (double)_assigningBytes / (_workerCount + _servers.Length),
            WholeSteps = _wholeSteps,
        };
    }

    private void Join()
    {
        long begin = Stopwatch.GetTimestamp();
        var effects = new EffectList();
        for (int i = 0; i < _workerCount + _servers.Length; i++)
        {
            _roster.Step(new JoinRequested(Member(i)), TimeSpan.FromMilliseconds(i), effects);
            _roster.Step(new HeartbeatReceived(Member(i).Id), TimeSpan.FromMilliseconds(i), effects);
        }
        _roster.Step(TimePassed.Instance, TimeSpan.FromSeconds(1), effects);
        _coordinating += Stopwatch.GetElapsedTime(begin);
    }

    /// <summary>In order, as on SIGTERM.</summary>
    private void Leave()
    {
        var effects = new EffectList();
        for (int i = _workerCount - _workerCount / 10; i < _workerCount; i++) _roster.Step(new LeaveRequested(Member(i).Id), TimeSpan.FromSeconds(1), effects);
    }

    private static MemberDescription Member(int number) =>
        new(new MemberId($"node-{number}", 1), NodeRoles.Worker | NodeRoles.Server, $"10.0.{number / 250}.{number % 250}:5600", 1);

    private void ToCoordinator(Message message) => _queue.Enqueue((s_coordinator, s_coordinator, message));

    private void Deliver(Address to, Message message)
    {
        var effects = new EffectList();
        long begin = Stopwatch.GetTimestamp();
        if (to.Role == Role.Coordinator) _coordinator.Step(message, effects);
        else if (to.Role == Role.Server) _servers[to.Index].Step(message, effects);
        else _workers[to.Index].Step(message, effects);
        if (to.Role == Role.Coordinator && _isChanging) _changing += Stopwatch.GetElapsedTime(begin);
        else if (to.Role == Role.Coordinator) _coordinating += Stopwatch.GetElapsedTime(begin);
        foreach (EffectList.Entry entry in effects.Entries)
        {
            if (entry.Message is not null) Send(to, entry.Target, entry.Message);
            else if (Perform(to, entry.Effect!) is { } done) _queue.Enqueue((to, to, done));
        }
    }

    private void Send(Address from, Address to, Message message)
    {
        _queue.Enqueue((from, to, message));
        _tensors.Clear();
        int bytes = MessageCodec.Encode(job: 1, from, to, (MemberMessage)message, _tensors).CalculateSize();
        if (!_isStepping)
        {
            _assigningBytes += bytes;
            return;
        }
        _messages++;
        _bytes[from.Role] += bytes;
        _bytes[to.Role] += bytes;
    }

    private Message? Perform(Address self, Effect effect)
    {
        switch (effect)
        {
            case PrepareSlices e:
                _subtrees[self.Index] = e.Subtrees;
                return new SlicesPrepared(e.Generation);
            case ComputeGradient e:
                return new GradientComputed(e.Generation, e.Step, [.. _subtrees[self.Index].Select(s => new SubtreeGradient(s, _nothing, new double[] { s.Count, s.Count, 0 }))]);
            case LoadShard e: return new ShardLoaded(e.Generation);
            case CombineGradients e: return new GradientsCombined(e.Generation, e.Step, new SegmentNorms(default, default), new double[3]);
            case ApplyUpdate e: return new UpdateApplied(e.Generation, e.Step);
            case CopyShard e: return new ShardCopied(e.Generation, e.Target, e.Version);
            case MeasureStepping e:
                _isStepping = e.Running;
                _isChanging &= !e.Running;
                return null;
            case ReportStep e:
                if (e.Contributions.ToArray().Sum(c => c.Subtree.Count) == _workerCount) _wholeSteps++;
                return null;
            case FinishRun:
                _ended = true;
                return null;
            default: return null;
        }
    }
}
