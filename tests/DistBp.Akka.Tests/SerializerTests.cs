using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using Akka.TestKit.Xunit2;
using DistBp.Cluster.Wire.Akka;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Lanes;
using Google.Protobuf;

namespace DistBp.Akka.Tests;

/// <summary>What travels over Akka.Remote, and how.</summary>
public sealed class SerializerTests() : TestKit(AkkaSystem.Settled("akka.remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }", "worker"))
{
    [Fact]
    public void Every_message_has_a_fixed_manifest_and_comes_back_as_it_was()
    {
        IMessage[] messages =
        [
            new CoordinatorSought(), new CoordinatorPlace { Address = "h:1", Name = "n", Term = 3 },
            new JoinSought { Introduction = new Introduction { Name = "n", Incarnation = 7, Jobs = { new HostedJob { Job = 1, Workers = { 2 } } } }, Metadata = { { "k", "v" } } },
            new Heartbeat { Leaving = true }, new ClusterNews { Released = true }, new MembershipEnded { Status = 10, Detail = "d" }, new StateSought(),
            new KeptSummary { Term = 4, Names = { "a" }, Values = 1 }, new ReignHeld { Term = 4, Names = { "a", "b" }, Number = 2 },
            new KeptValue { Name = "a", Term = 4, Number = 1, Value = ByteString.CopyFromUtf8("x") }, new KeepingAnswer { Term = 4, Number = 1 },
            new LanePiece { Number = 3, Content = ByteString.CopyFromUtf8("x"), More = true },
        ];
        Assert.Equal(Manifests.Types.ToHashSet(), messages.Select(m => m.GetType()).ToHashSet());
        foreach (IMessage message in messages)
        {
            var serializer = Assert.IsType<ProtocolSerializer>(Sys.Serialization.FindSerializerFor(message));
            Assert.Equal(5600, serializer.Identifier);
            Assert.Equal(message, serializer.FromBinary(serializer.ToBinary(message), serializer.Manifest(message)));
        }
        Assert.Equal(
            ["cluster-news", "coordinator-place", "coordinator-sought", "heartbeat", "join-sought", "keeping-answer", "kept-summary", "kept-value", "lane-piece", "membership-ended",
                "reign-held", "state-sought"],
            Manifests.Types.Select(t => Manifests.WordOf(t)!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Types_of_the_senders_choice_are_neither_written_nor_read()
    {
        Serializer any = Sys.Serialization.FindSerializerFor(new Uri("http://a"));
        Assert.IsType<NoSerializer>(any);
        Assert.Throws<SerializationException>(() => any.ToBinary(new Uri("http://a")));
        Assert.Throws<SerializationException>(() => Sys.Serialization.Deserialize("{}"u8.ToArray(), 1, typeof(Uri).AssemblyQualifiedName!));
        var own = new ProtocolSerializer((ExtendedActorSystem)Sys);
        Assert.Throws<SerializationException>(() => own.FromBinary([], "System.Uri"));
        Assert.Throws<SerializationException>(() => own.FromBinary([0xff], "heartbeat"));
        Assert.Throws<SerializationException>(() => own.Manifest(new FileRequest()));
    }
}
