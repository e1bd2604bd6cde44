using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;
using DistBp.Protocol;
using DistBp.Protocol.Messages;
using static DistBp.Cluster.Wire.Members.Contract.Envelope;

namespace DistBp.Cluster.Wire.Members;

/// <summary>Of the messages in StepMessages.cs of the protocol.</summary>
internal static class StepForms
{
    public static IReadOnlyList<MessageForm> All { get; } =
    [
        new MessageForm<PushGradient>(
            BodyOneofCase.PushGradient,
            (m, e, tensors) =>
            {
                e.PushGradient = new() { Worker = m.Worker, Step = m.Step, Subtree = m.Subtree.ToContract() };
                e.PushGradient.Sums.Add(m.Sums);
                e.PushGradient.Code = GradientCodes.Write(m.Gradient, tensors);
            },
            (e, g, ref tensors) => new(
                g, e.PushGradient.Worker, e.PushGradient.Step, e.PushGradient.Subtree.ToProtocol(), GradientCodes.Read(e.PushGradient.Code, ref tensors),
                e.PushGradient.Sums.ToMemory())),
        new MessageForm<HandShard>(
            BodyOneofCase.HandShard,
            (m, e, tensors) =>
            {
                e.HandShard = new() { Range = m.Range.ToContract(), States = m.State.Count };
                tensors.Add(m.Parameters);
                for (int i = 0; i < m.State.Count; i++) tensors.Add(m.State[i]);
                tensors.Add(m.Best);
            },
            ReadShard),
        new MessageForm<ShareNorms>(
            BodyOneofCase.ShareNorms,
            (m, e, _) => e.ShareNorms = m.ToContract(),
            (e, g, ref _) => e.ShareNorms.ToProtocol(g)),
        new MessageForm<ReplicateGradient>(
            BodyOneofCase.ReplicateGradient,
            (m, e, tensors) =>
            {
                e.ReplicateGradient = new() { Server = m.Server, Step = m.Step, Norms = m.Norms.ToPart() };
                e.ReplicateGradient.Sums.Add(m.Sums);
                e.ReplicateGradient.Code = GradientCodes.Write(m.Root, tensors);
            },
            (e, g, ref tensors) => new(
                g, e.ReplicateGradient.Server, e.ReplicateGradient.Step, GradientCodes.Read(e.ReplicateGradient.Code, ref tensors),
                e.ReplicateGradient.Sums.ToMemory(), e.ReplicateGradient.Norms.FromPart())),
        new MessageForm<CopyProgressed>(
            BodyOneofCase.CopyProgressed,
            (m, e, _) => e.CopyProgressed = new() { Backup = m.Backup, Arrived = m.Arrived },
            (e, g, ref _) => new(g, e.CopyProgressed.Backup, e.CopyProgressed.Arrived)),
        new MessageForm<GradientReplicated>(
            BodyOneofCase.GradientReplicated,
            (m, e, _) => e.GradientReplicated = new() { Backup = m.Backup, Step = m.Step },
            (e, g, ref _) => new(g, e.GradientReplicated.Backup, e.GradientReplicated.Step)),
        new MessageForm<ShardCommitted>(
            BodyOneofCase.ShardCommitted,
            (m, e, _) => e.ShardCommitted = new() { Server = m.Server, Version = m.Version, Halted = m.Halted, Skipped = m.Skipped },
            (e, g, ref _) => new(g, e.ShardCommitted.Server, e.ShardCommitted.Version, e.ShardCommitted.Halted, e.ShardCommitted.Skipped)),
        new MessageForm<StepCommitted>(
            BodyOneofCase.StepCommitted,
            (m, e, _) => e.StepCommitted = m.ToContract(),
            (e, g, ref _) => e.StepCommitted.ToProtocol(g)),
        new MessageForm<ShardMeasured>(
            BodyOneofCase.ShardMeasured,
            (m, e, _) =>
            {
                e.ShardMeasured = new() { Server = m.Server, Step = m.Step };
                e.ShardMeasured.Figures.Add(m.Figures);
            },
            (e, g, ref _) => new(g, e.ShardMeasured.Server, e.ShardMeasured.Step, e.ShardMeasured.Figures.ToMemory())),
        new MessageForm<StepSkipped>(
            BodyOneofCase.StepSkipped,
            (m, e, _) => e.StepSkipped = m.ToContract(),
            (e, g, ref _) => e.StepSkipped.ToProtocol(g)),
        new MessageForm<StepRejected>(
            BodyOneofCase.StepRejected,
            (m, e, _) => e.StepRejected = new() { Server = m.Server, Step = m.Step, Segment = m.Segment },
            (e, g, ref _) => new(g, e.StepRejected.Server, e.StepRejected.Step, e.StepRejected.Segment)),
        new MessageForm<LocateNonFinite>(
            BodyOneofCase.LocateNonFinite,
            (m, e, _) => e.LocateNonFinite = new() { Step = m.Step },
            (e, g, ref _) => new(g, e.LocateNonFinite.Step)),
        new MessageForm<NonFiniteLocated>(
            BodyOneofCase.NonFiniteLocated,
            (m, e, _) => e.NonFiniteLocated = new() { Worker = m.Worker, Step = m.Step, Slices = { m.Slices.Select(ContractValues.ToContract) } },
            (e, g, ref _) => new(
                g, e.NonFiniteLocated.Worker, e.NonFiniteLocated.Step, [.. e.NonFiniteLocated.Slices.Select(ContractValues.ToProtocol)])),
        new MessageForm<CloseUpdate>(
            BodyOneofCase.CloseUpdate,
            (m, e, _) => e.CloseUpdate = new() { Update = m.Update, Workers = { m.Workers } },
            (e, g, ref _) => new(g, e.CloseUpdate.Update, [.. e.CloseUpdate.Workers])),
        new MessageForm<ShardRead>(
            BodyOneofCase.ShardRead,
            (m, e, tensors) =>
            {
                e.ShardRead = new() { Server = m.Server, Step = m.Step, Version = m.Version };
                tensors.Add(m.Parameters);
            },
            (e, g, ref tensors) => new(g, e.ShardRead.Server, e.ShardRead.Step, e.ShardRead.Version, tensors.Floats())),
    ];

    private static HandShard ReadShard(Contract.Envelope envelope, Generation generation, ref TensorReader tensors)
    {
        ReadOnlyMemory<float> parameters = tensors.Floats();
        if (tensors.Left != envelope.HandShard.States + 1)
            throw new RpcException(StatusCode.Internal, $"a shard with {envelope.HandShard.States} states of the optimizer has {tensors.Left + 1} tensors");
        var state = new ReadOnlyMemory<float>[tensors.Left - 1];
        for (int i = 0; i < state.Length; i++) state[i] = tensors.Floats();
        return new HandShard(generation, envelope.HandShard.Range.ToProtocol(), parameters, state, tensors.Floats());
    }
}
