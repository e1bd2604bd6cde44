using DistBp.Cluster.Actors;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Tests.Runs;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Tests.Actors;

/// <summary>Two workers, three servers, and a copy of each server's shard, on one thread.</summary>
public sealed class ShardCopyTests
{
    private const int Workers = 2, Servers = 3, Steps = 60;

    public static TheoryData<string, string> Jobs
    {
        get
        {
            var jobs = new TheoryData<string, string>();
            foreach (string name in SmallJobs.EveryOptimizer.Keys) jobs.Add(name, "seed=1");
            jobs.Add("adamw", "wire={gradients: int8, parameters: bf16}");
            jobs.Add("batchNorm", "wire={gradients: {topK: 0.01}, parameters: f16}");
            jobs.Add("embedding", "wire={gradients: f16, parameters: bf16}");
            jobs.Add("cnn", "slices=1");
            return jobs;
        }
    }

    [Theory]
    [MemberData(nameof(Jobs))]
    public void A_copy_is_its_owners_shard_bit_for_bit_after_every_step(string name, string setting)
    {
        var steps = new CopiedSteps(SmallJobs.Of(SmallJobs.EveryOptimizer[name], setting));
        for (long step = 0; step < Steps; step++)
        {
            steps.Run(step);
            Assert.Equal(steps.Owners.Select(s => s.Digest), steps.Copies.Select(c => c.Digest));
        }
        for (int s = 0; s < Servers; s++) AssertSame(HandAll(steps.Owners[s]), HandAll(steps.Copies[s]));
    }

    [Fact]
    public void An_owner_makes_the_same_bits_whether_there_are_copies_or_not()
    {
        foreach (string name in new[] { "adam", "cnn", "embedding" })
        {
            var with = new CopiedSteps(SmallJobs.Of(SmallJobs.EveryOptimizer[name]));
            var without = new CopiedSteps(SmallJobs.Of(SmallJobs.EveryOptimizer[name]), hasCopies: false);
            for (long step = 0; step < 20; step++)
            {
                with.Run(step);
                without.Run(step);
                Assert.Equal(without.Owners.Select(s => s.Digest), with.Owners.Select(s => s.Digest));
            }
        }
    }

    /// <summary>Backups read it while its owner combines the next step.</summary>
    [Theory]
    [InlineData("cnn")]
    [InlineData("embedding")]
    public void A_root_stays_as_it_is_until_the_step_after_it_is_combined(string name)
    {
        var steps = new CopiedSteps(SmallJobs.Of(SmallJobs.EveryOptimizer[name]));
        for (long step = 0; step < 6; step++)
        {
            GradientPart[] before = [.. steps.Roots];
            float[][] numbers = [.. before.Select(NumbersOf)];
            steps.Run(step);
            if (step == 0) continue;
            for (int s = 0; s < Servers; s++) Assert.Equal(numbers[s], NumbersOf(before[s]));
            Assert.NotEqual(numbers.SelectMany(n => n), steps.Roots.SelectMany(NumbersOf));
        }
    }

    [Fact]
    public void A_copy_keeps_the_best_epochs_parameters_and_hands_them_over()
    {
        var steps = new CopiedSteps(SmallJobs.Of(SmallJobs.EveryOptimizer["adam"], "wire.parameters=bf16"));
        for (long step = 0; step < 3; step++) steps.Run(step);
        float[][] best = [.. steps.Owners.Select(o => HandAll(o).Parameters.ToArray())];
        for (int s = 0; s < Servers; s++)
        {
            steps.Memory.Snapshots.Copy(steps.Owners[s], CaptureTarget.Best);
            steps.Copies[s].KeepBest();
        }
        for (long step = 3; step < 6; step++) steps.Run(step);
        for (int s = 0; s < Servers; s++)
        {
            HandShard handed = HandAll(steps.Copies[s]);
            Assert.Equal(best[s], handed.Best.ToArray());
            AssertSame(HandAll(steps.Owners[s]), handed);
            // A range of it, as to a server that takes over a part.
            var half = new ParameterShard(handed.Range.Offset, handed.Range.Count / 2);
            var successor = new ShardState(steps.Memory, half, isCopy: true);
            successor.Take(steps.Copies[s].Hand(default, half));
            Assert.Equal(best[s].Take(half.Count), HandAll(successor).Best.ToArray());
            steps.Copies[s].RestoreBest();
            Assert.Equal(best[s], HandAll(steps.Copies[s]).Parameters.ToArray());
        }
    }

    /// <summary>Its parts come between steps, and are of the version before them.</summary>
    [Theory]
    [InlineData("adam", "seed=1")]
    [InlineData("batchNorm", "wire={gradients: int8, parameters: bf16}")]
    [InlineData("embedding", "wire={gradients: f16, parameters: bf16}")]
    public void A_copy_that_is_filled_while_steps_are_made_becomes_its_owners_shard_bit_for_bit(string name, string setting)
    {
        var steps = new CopiedSteps(SmallJobs.Of(SmallJobs.EveryOptimizer[name], setting));
        long step = 0;
        while (step < 3) steps.Run(step++);
        HandShard[] pictures = [.. steps.Owners.Select(Picture)];
        steps.Filling = [.. steps.Owners.Select(o => new FillingCopy(steps.Memory, o.Shard))];
        for (int part = 0; part < 3; part++)
        {
            for (int s = 0; s < Servers; s++) steps.Filling[s].Take(Third(steps.Memory, pictures[s], part));
            if (part == 2) break;
            steps.Run(step++);
            for (int s = 0; s < Servers && part == 0; s++)
            {
                steps.Copies[s].KeepBest();
                steps.Filling[s].KeepBest();
            }
            steps.Run(step++);
        }
        ShardState[] filled = [.. steps.Filling.Select(f => f.Complete())];
        steps.Filling = [];
        Assert.Equal(steps.Owners.Select(o => o.Digest), filled.Select(f => f.Digest));
        for (int s = 0; s < Servers; s++) Assert.Equal(HandAll(steps.Copies[s]).Best.ToArray(), HandAll(filled[s]).Best.ToArray());
        filled.CopyTo(steps.Copies, 0);
        while (step < 12) steps.Run(step++);
        Assert.Equal(steps.Owners.Select(o => o.Digest), steps.Copies.Select(c => c.Digest));
    }

    [Fact]
    public void One_wrong_bit_anywhere_is_another_digest()
    {
        var steps = new CopiedSteps(SmallJobs.Of(SmallJobs.EveryOptimizer["adamw"]));
        steps.Run(0);
        ShardState copy = steps.Copies[1];
        ulong right = copy.Digest;
        var random = new Random(20261127);
        for (int i = 0; i < 100; i++)
        {
            TensorBuffer state = copy.OptimizerState[random.Next(copy.OptimizerState.Count)];
            ref float number = ref state.Span[random.Next(state.Length)];
            float was = number;
            number = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(was) ^ (1 << random.Next(32)));
            Assert.NotEqual(right, copy.Digest);
            number = was;
        }
        Assert.Equal(right, copy.Digest);
        steps.Memory.Parameters.Span[steps.Owners[1].Shard.Offset] += 1e-3f;
        Assert.NotEqual(right, steps.Owners[1].Digest);
    }

    private static HandShard HandAll(ShardState shard) => shard.Hand(default, shard.Shard);

    /// <summary>In memory of its own.</summary>
    private static HandShard Picture(ShardState shard)
    {
        HandShard now = HandAll(shard);
        return now with { Parameters = now.Parameters.ToArray(), State = [.. now.State.Select(s => (ReadOnlyMemory<float>)s.ToArray())] };
    }

    private static HandShard Third(TrainingMemory memory, HandShard shard, int part)
    {
        var whole = new ShardState(memory, shard.Range, isCopy: true);
        whole.Take(shard);
        int first = shard.Range.Count * part / 3, end = shard.Range.Count * (part + 1) / 3;
        return whole.Hand(default, new ParameterShard(shard.Range.Offset + first, end - first));
    }

    private static void AssertSame(HandShard owner, HandShard copy)
    {
        Assert.Equal(owner.Range, copy.Range);
        Assert.Equal(owner.Parameters.ToArray(), copy.Parameters.ToArray());
        Assert.Equal(owner.State.Count, copy.State.Count);
        for (int i = 0; i < owner.State.Count; i++) Assert.Equal(owner.State[i].ToArray(), copy.State[i].ToArray());
    }

    private static float[] NumbersOf(GradientPart part) => [.. part.Dense.ToArray(), .. part.Sparse.SelectMany(t => t.Values.ToArray())];

    private sealed class CopiedSteps
    {
        private readonly Assignment _assignment;
        private readonly GradientComputation[] _workers;
        private readonly ShardRoot[] _roots;

        public CopiedSteps(JobDescription job, bool hasCopies = true)
        {
            TrainingData data = DataLoader.Load(job.Data, job.Target, job.Seed, job.BaseFolder);
            Memory = new TrainingMemory(job, JobNetwork.Build(job, data.Schema), new Dictionary<DataPart, Dataset> { [DataPart.Train] = data.Train });
            Memory.Network.InitializeParameters(job.Seed, Memory.Held.Span);
            if (Memory.Held != Memory.Parameters) Memory.Held.Span.CopyTo(Memory.Parameters.Span);
            _assignment = Assignment.OfCounts(new Generation(1, 1), Workers, Servers, job.Slices, Memory.Network.Parameters.UpdatedCount);
            var pool = new ComputePool(1, Workers, e => throw new InvalidOperationException("A computation failed.", e));
            pool.Dispose();
            _workers =
            [
                .. Enumerable.Range(0, Workers).Where(w => _assignment.Subtrees(w).Count > 0).Select(w => new GradientComputation(
                    Memory, pool, w, _assignment.Generation, _assignment.Subtrees(w), _ => { }, Residuals(_assignment.Subtrees(w)))),
            ];
            Owners = [.. Enumerable.Range(0, Servers).Select(s => Loaded(s, isCopy: false))];
            Copies = hasCopies ? [.. Enumerable.Range(0, Servers).Select(s => Loaded(s, isCopy: true))] : [];
            _roots = hasCopies ? [.. Owners.Select((o, s) => new ShardRoot(Memory, s, o.Shard, o.Tables))] : [];
        }

        public TrainingMemory Memory { get; }

        public ShardState[] Owners { get; }

        public ShardState[] Copies { get; }

        /// <summary>Of each server's shard, or empty: they are told of each step too.</summary>
        public FillingCopy[] Filling { get; set; } = [];

        public IEnumerable<GradientPart> Roots => _roots.Select(r => r.Part);

        public void Run(long step)
        {
            foreach (GradientComputation worker in _workers)
            {
                (worker.Step, worker.Until) = (step, step + 1);
                worker.Run();
            }
            for (int s = 0; s < Servers; s++) Owners[s].Combine(new CombineGradients(_assignment.Generation, step, Pushes(Owners[s].Shard, step), true), _roots.ElementAtOrDefault(s));
            var update = new ApplyUpdate(_assignment.Generation, step, 1, [.. Owners.Select(s => s.Norms)], step);
            foreach (ShardState owner in Owners) owner.Update(update);
            for (int s = 0; s < Copies.Length; s++)
            {
                var norms = new ShareNorms(_assignment.Generation, s, step, Owners[s].Norms, false);
                var gradient = new ReplicateGradient(_assignment.Generation, s, step, _roots[s].Part, default, norms);
                Copies[s].Follow(gradient, update);
                if (Filling.Length > 0) Filling[s].Follow(gradient, update);
            }
        }

        private ShardState Loaded(int server, bool isCopy)
        {
            var state = new ShardState(Memory, _assignment.Shard(server), isCopy);
            state.Take(Memory.StartOf(_assignment.Generation, state.Shard));
            return state;
        }

        private WorkerResiduals? Residuals(IReadOnlyList<Subtree> subtrees) => Memory.Job.Wire.Gradients.KeepsResidual
            ? new WorkerResiduals(Memory.Network.Parameters.DenseTrainedCount, subtrees, []) : null;

        private PushGradient[] Pushes(ParameterShard shard, long step) =>
        [
            .. _workers.SelectMany((worker, index) => worker.Gradients.Select(gradient => new PushGradient(
                worker.Generation, index, step, gradient.Subtree, gradient.Gradient.Cut(shard.Offset, shard.End), gradient.Sums))),
        ];
    }
}
