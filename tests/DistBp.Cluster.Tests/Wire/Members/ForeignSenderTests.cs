using System.Diagnostics;
using System.Runtime.InteropServices;
using DistBp.Cluster.Tests.Wire.Grpc;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members;
using DistBp.Cluster.Wire.Members.Contract;
using Google.Protobuf;

namespace DistBp.Cluster.Tests.Wire.Members;

/// <summary>Python's gRPC as a node that sends: by chunks, and through memory that both processes share.</summary>
public sealed class ForeignSenderTests : IDisposable
{
    private readonly string _descriptor = Path.GetTempFileName();

    public ForeignSenderTests() => File.WriteAllBytes(_descriptor, ParametersReflection.Descriptor.SerializedData.ToByteArray());

    public void Dispose() => File.Delete(_descriptor);

    [ForeignPeerFact]
    public async Task A_foreign_sender_delivers_a_gradient_and_is_told_what_is_wrong_with_others()
    {
        var host = new RecordingHost { Wanted = (_, _, count) => new Memory<float>(new float[count / sizeof(float)]) };
        await using GrpcServer server = await host.StartAsync();
        using Process client = Process.Start(new ProcessStartInfo(
            ForeignPeerFactAttribute.Python,
            [Path.Combine(AppContext.BaseDirectory, "Wire", "Grpc", "Foreign", "deliver.py"), _descriptor, server.Address.ToString()])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = client.StandardOutput.ReadToEndAsync(), errors = client.StandardError.ReadToEndAsync();
        await client.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
        Assert.True(await output == "ok\n", await errors);
        // By chunks, then from shared memory, which the sender's file has gone from since.
        for (int i = 0; i < 2; i++)
        {
            (Envelope envelope, TensorBytes[] tensors) = await host.NextAsync(default);
            var push = Assert.IsType<DistBp.Protocol.Messages.PushGradient>(MessageCodec.Decode(envelope, tensors));
            Assert.Equal((77L, 4, 5), (push.Step, push.Subtree.Count, envelope.From.Index));
            Assert.Equal([1.5, -2], push.Sums.ToArray());
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(push.Gradient.Dense.Span);
            Assert.Equal(500_000, bytes.Length);
            for (int at = 0; at < bytes.Length; at++) Assert.True(bytes[at] == at * 7L % 251, $"byte {at}");
        }
        Assert.False(host.HasDelivered);
        Assert.Empty(host.Bugs);
    }
}
