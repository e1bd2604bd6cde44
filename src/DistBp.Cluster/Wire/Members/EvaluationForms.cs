using DistBp.Protocol.Messages;
using static DistBp.Cluster.Wire.Members.Contract.Envelope;

namespace DistBp.Cluster.Wire.Members;

/// <summary>Of the messages in EvaluationMessages.cs of the protocol.</summary>
internal static class EvaluationForms
{
    public static IReadOnlyList<MessageForm> All { get; } =
    [
        new MessageForm<Evaluate>(
            BodyOneofCase.Evaluate,
            (m, e, _) => e.Evaluate = new() { Part = (Contract.DataPart)m.Part, Leaves = m.Leaves, Version = m.Version },
            (e, g, ref _) => new(g, e.Evaluate.Part.ToProtocol(), e.Evaluate.Leaves, e.Evaluate.Version)),
        new MessageForm<EvaluationDone>(
            BodyOneofCase.EvaluationDone,
            (m, e, _) => e.EvaluationDone = new()
            {
                Worker = m.Worker, Part = (Contract.DataPart)m.Part, Version = m.Version, Sums = { m.Sums.Select(ContractValues.ToContract) },
            },
            (e, g, ref _) => new(
                g, e.EvaluationDone.Worker, e.EvaluationDone.Part.ToProtocol(), e.EvaluationDone.Version, [.. e.EvaluationDone.Sums.Select(ContractValues.ToProtocol)])),
    ];
}
