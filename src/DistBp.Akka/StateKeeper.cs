using Akka.Actor;
using DistBp.Cluster.Rendezvous.Kept;
using DistBp.Cluster.Wire.Akka;

namespace DistBp.Akka;

/// <summary>Keeps a copy of the coordinator's state, on a node that may become the coordinator.</summary>
internal sealed class StateKeeper : ReceiveActor
{
    public const string Name = "keeper";

    public StateKeeper(string folder)
    {
        var copy = new StateCopy(folder);
        Receive<StateSought>(_ =>
        {
            Sender.Tell(copy.Summary);
            foreach (KeptValue value in copy.Values) Sender.Tell(value);
        });
        Receive<ReignHeld>(reign => Sender.Tell(copy.Follow(reign)));
        Receive<KeptValue>(value =>
        {
            if (copy.Keep(value) is { } answer) Sender.Tell(answer);
        });
    }
}
