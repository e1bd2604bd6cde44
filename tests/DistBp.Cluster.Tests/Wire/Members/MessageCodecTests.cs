using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members;
using DistBp.Learning;
using DistBp.Protocol;
using DistBp.Protocol.Messages;
using Google.Protobuf;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Tests.Wire.Members;

public sealed class MessageCodecTests
{
    public static TheoryData<Type> Kinds => [.. RandomMessages.Kinds];

    [Fact]
    public void Every_message_between_members_has_one_form_and_every_body_of_the_contract_too()
    {
        Assert.Equal(RandomMessages.Kinds.Select(k => k.Name).Order(), MessageCodec.Forms.Select(f => f.Type.Name).Order());
        Assert.Equal(
            Enum.GetValues<Contract.Envelope.BodyOneofCase>().Where(b => b != Contract.Envelope.BodyOneofCase.None).Order(),
            MessageCodec.Forms.Select(f => f.Body).Order());
        Assert.All(MessageCodec.Forms, form => Assert.Equal(form.Type.Name, $"{form.Body}"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_property_of_a_message_survives(Type kind)
    {
        for (int seed = 0; seed < 30; seed++)
        {
            MemberMessage message = new RandomMessages(seed).Create(kind, length: seed % 4, withNulls: seed % 3 == 0);
            var tensors = new List<TensorBytes>();
            Contract.Envelope envelope = MessageCodec.Encode(seed, Address.Worker(3), Address.Coordinator, message, tensors);
            envelope = Contract.Envelope.Parser.ParseFrom(envelope.ToByteArray());
            Assert.Equal((Address.Worker(3), Address.Coordinator, (long)seed), (envelope.From.ToProtocol(), envelope.To.ToProtocol(), envelope.Job));
            MemberMessage decoded = MessageCodec.Decode(envelope, tensors.ToArray());
            Assert.Equal(message.Generation, decoded.Generation);
            Assert.Null(RandomMessages.Difference(message, decoded, $"seed {seed}: {kind.Name}"));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void An_envelope_with_a_tensor_too_many_or_too_few_is_refused(Type kind)
    {
        var tensors = new List<TensorBytes>();
        Contract.Envelope envelope = MessageCodec.Encode(
            1, Address.Worker(3), Address.Coordinator, new RandomMessages(1).Create(kind, length: 2, withNulls: false), tensors);
        TensorBytes more = new(new byte[4], Contract.Encoding.Int8);
        Assert.Equal(StatusCode.Internal, Assert.Throws<RpcException>(() => MessageCodec.Decode(envelope, [.. tensors, more])).Status);
        if (tensors.Count == 0) return;
        Assert.Equal(StatusCode.Internal, Assert.Throws<RpcException>(() => MessageCodec.Decode(envelope, [.. tensors[..^1]])).Status);
    }

    [Fact]
    public void An_envelope_that_lacks_a_part_is_refused()
    {
        var generation = new Contract.Generation { Term = 1 };
        var norms = new Contract.ShareNorms { Norms = new() };
        var assignment = new Contract.Assignment { Generation = generation, Workers = { 0 }, Servers = { 0 }, Slices = 1, UpdatedCount = 1, Replication = -1 };
        Contract.Envelope[] envelopes =
        [
            new(), new() { Generation = generation }, new() { RequestHalt = new() }, new() { Generation = generation, Assign = new() },
            new() { Generation = generation, ShareNorms = new() },
            new() { Generation = generation, ShareNorms = new() { Norms = new() { Segments = { 1 } } } },
            new() { Generation = generation, Evaluate = new() { Part = (Contract.DataPart)77 } },
            new() { Generation = generation, Assign = new() { Assignment = assignment } },
            new() { Generation = generation, Complete = new() { Norms = { norms } } },
            new() { Generation = generation, Suspended = new() { Decided = { norms } } },
            new() { Generation = generation, Suspended = new() { Reports = { new Contract.StepReport() } } },
            new() { Generation = generation, Suspended = new() { Reports = { new Contract.StepReport { Committed = new() } } } },
            new() { Generation = generation, ServerStanding = new() { Reports = { new Contract.StepReport { Skipped = new() } } } },
            new() { Generation = generation, Proceed = new() { Course = new() } },
            new() { Generation = new() { Term = 1, Number = 1 }, TakeOver = new() },
            new() { Generation = new() { Term = 1, Number = 1 }, ServerStanding = new() },
            new() { Generation = generation, ReplicateGradient = new() { Norms = norms } },
        ];
        Assert.All(envelopes, e => Assert.Equal(StatusCode.Internal, Assert.Throws<RpcException>(() => MessageCodec.Decode(e, [])).Status));
    }

    [Fact]
    public void Thousands_of_reports_fit_into_an_envelope_for_what_they_have_in_common_is_written_once()
    {
        Contribution[] parts = [.. Enumerable.Range(0, 64).Select(worker => new Contribution(new Subtree(worker, 1), worker))];
        var generation = new Generation(2, 3);
        MemberMessage[] reports =
        [
            .. Enumerable.Range(0, TrainingPlan.MaxReports - 1)
                .Select(step => new StepCommitted(generation, step, new double[] { step, 1, 2 }, 0.5) { Contributions = step < 7 ? parts.AsMemory(1) : parts }),
            new StepSkipped(generation, TrainingPlan.MaxReports - 1, 3),
        ];
        var standing = new ServerStanding(4, 1, null, null, TrainingPlan.MaxReports, 0) { Reports = reports };
        byte[] envelope = MessageCodec.Encode(1, Address.Server(1), Address.Coordinator, standing, []).ToByteArray();
        Assert.InRange(envelope.Length, 0, DeliveryLimits.Default.MaxEnvelopeBytes / 8);
        MemberMessage read = MessageCodec.Decode(Contract.Envelope.Parser.ParseFrom(envelope), []);
        Assert.Null(RandomMessages.Difference(standing, read, "standing"));
    }
}
