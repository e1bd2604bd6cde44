using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;
using DistBp.Cluster.Wire.Akka;
using Google.Protobuf;

namespace DistBp.Akka;

/// <summary>Protobuf messages over Akka.Remote, each by its fixed manifest. What has none is neither written nor read.</summary>
internal sealed class ProtocolSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>Above those that Akka.NET keeps for itself.</summary>
    public const int Number = 5600;

    public override int Identifier => Number;

    public override string Manifest(object o) =>
        Manifests.WordOf(o.GetType()) ?? throw new SerializationException($"{o.GetType().Name} does not travel over Akka.Remote.");

    public override byte[] ToBinary(object obj)
    {
        _ = Manifest(obj);
        return ((IMessage)obj).ToByteArray();
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        MessageParser parser = Manifests.ParserOf(manifest) ?? throw new SerializationException($"No message has the manifest '{manifest}'.");
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException torn)
        {
            throw new SerializationException($"A message with the manifest '{manifest}' cannot be read.", torn);
        }
    }
}
