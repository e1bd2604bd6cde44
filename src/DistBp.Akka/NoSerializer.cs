using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace DistBp.Akka;

/// <summary>Stands in for Akka.NET's JSON of any type: whoever can reach the port must not choose which types are made here.</summary>
internal sealed class NoSerializer : Serializer
{
    /// <param name="_">The settings of the serializer that it takes the place of.</param>
    public NoSerializer(ExtendedActorSystem system, Config _)
        : base(system)
    {
    }

    /// <summary>Of the serializer that it takes the place of.</summary>
    public override int Identifier => 1;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj) => throw new SerializationException($"{obj.GetType().Name} does not travel over Akka.Remote.");

    public override object FromBinary(byte[] bytes, Type type) => throw new SerializationException("JSON is not read from Akka.Remote.");
}
