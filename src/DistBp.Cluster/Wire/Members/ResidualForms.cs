using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning.Encodings;
using DistBp.Protocol.Messages;
using Google.Protobuf.Collections;
using static DistBp.Cluster.Wire.Members.Contract.Envelope;

namespace DistBp.Cluster.Wire.Members;

/// <summary>Of the messages in ResidualMessages.cs of the protocol.</summary>
internal static class ResidualForms
{
    public static IReadOnlyList<MessageForm> All { get; } =
    [
        new MessageForm<CaptureResiduals>(
            BodyOneofCase.CaptureResiduals,
            (m, e, _) => e.CaptureResiduals = new() { Version = m.Version },
            (e, g, ref _) => new(g, e.CaptureResiduals.Version)),
        new MessageForm<ResidualsCaptured>(
            BodyOneofCase.ResidualsCaptured,
            (m, e, tensors) =>
            {
                e.ResidualsCaptured = new() { Worker = m.Worker, Version = m.Version };
                Write(m.Residuals, e.ResidualsCaptured.Residuals, tensors);
            },
            (e, g, ref tensors) => new(
                g, e.ResidualsCaptured.Worker, e.ResidualsCaptured.Version, Read(e.ResidualsCaptured.Residuals, ref tensors))),
        new MessageForm<HandResiduals>(
            BodyOneofCase.HandResiduals,
            (m, e, tensors) =>
            {
                e.HandResiduals = new() { From = m.From.ToContract() };
                Write(m.Residuals, e.HandResiduals.Residuals, tensors);
            },
            (e, g, ref tensors) => new(g, e.HandResiduals.From.ToProtocol(), Read(e.HandResiduals.Residuals, ref tensors))),
    ];

    private static void Write(IReadOnlyList<SubtreeResidual> residuals, RepeatedField<Contract.SubtreeResidual> written, ICollection<TensorBytes> tensors)
    {
        foreach (SubtreeResidual residual in residuals)
        {
            written.Add(new Contract.SubtreeResidual { Subtree = residual.Subtree.ToContract(), Samples = residual.Samples });
            tensors.Add(residual.Values);
        }
    }

    private static SubtreeResidual[] Read(RepeatedField<Contract.SubtreeResidual> written, ref TensorReader tensors)
    {
        if (tensors.Left != written.Count)
            throw new RpcException(StatusCode.Internal, $"{written.Count} residuals come with {tensors.Left} tensors");
        var residuals = new SubtreeResidual[written.Count];
        for (int i = 0; i < residuals.Length; i++) residuals[i] = new SubtreeResidual(written[i].Subtree.ToProtocol(), tensors.Floats(), written[i].Samples);
        return residuals;
    }
}
