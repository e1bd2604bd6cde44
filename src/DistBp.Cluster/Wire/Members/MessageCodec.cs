using System.Diagnostics;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Protocol;
using DistBp.Protocol.Messages;
using Body = DistBp.Cluster.Wire.Members.Contract.Envelope.BodyOneofCase;

namespace DistBp.Cluster.Wire.Members;

/// <summary>
/// Messages between members as envelopes and tensors. To add a message: a body in parameters.proto and a line in <see cref="ControlForms"/>,
/// <see cref="TakeoverForms"/>, <see cref="StepForms"/>, <see cref="ResidualForms"/> or <see cref="EvaluationForms"/>.
/// </summary>
internal static class MessageCodec
{
    private static readonly MessageForm[] s_forms =
        [.. ControlForms.All, .. TakeoverForms.All, .. StepForms.All, .. ResidualForms.All, .. EvaluationForms.All];
    private static readonly Dictionary<Type, MessageForm> s_ofType = s_forms.ToDictionary(f => f.Type);
    private static readonly Dictionary<Body, MessageForm> s_ofBody = s_forms.ToDictionary(f => f.Body);

    public static IReadOnlyList<MessageForm> Forms => s_forms;

    /// <param name="job">The job's number in the cluster.</param>
    /// <param name="tensors">The message's are added: its own memory.</param>
    public static Contract.Envelope Encode(long job, Address from, Address to, MemberMessage message, ICollection<TensorBytes> tensors)
    {
        if (!s_ofType.TryGetValue(message.GetType(), out MessageForm? form))
            throw new UnreachableException($"{message.GetType().Name} has no form: see {nameof(MessageCodec)}.");
        var envelope = new Contract.Envelope
        {
            Job = job, From = from.ToContract(), To = to.ToContract(), Generation = message.Generation.ToContract(),
        };
        form.Write(message, envelope, tensors);
        return envelope;
    }

    /// <param name="tensors">Of the envelope, in its order; the message refers to their memory.</param>
    /// <exception cref="RpcException">INTERNAL: the envelope is none that <see cref="Encode"/> can have made.</exception>
    public static MemberMessage Decode(Contract.Envelope envelope, ReadOnlySpan<TensorBytes> tensors)
    {
        if (!s_ofBody.TryGetValue(envelope.BodyCase, out MessageForm? form))
            throw new RpcException(StatusCode.Internal, "an envelope holds no message that this version knows");
        var reader = new TensorReader(tensors);
        MemberMessage message = form.Read(envelope, envelope.Generation.ToProtocol(), ref reader);
        if (reader.Left > 0) throw new RpcException(StatusCode.Internal, $"{envelope.BodyCase} has {reader.Left} tensors too many");
        return message;
    }
}
