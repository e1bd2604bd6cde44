using Akka.Actor;
using DistBp.Cluster.Rendezvous.Kept;

namespace DistBp.Akka;

/// <param name="Name">Of this node.</param>
/// <param name="Address">Where it is called over gRPC.</param>
/// <param name="Interval">Of the reign's words to its keepers.</param>
/// <param name="Bound">No other reign can have begun so soon after this one's keepers have followed it.</param>
/// <param name="Begun">Given the state, and the singleton.</param>
/// <param name="Resign">See <see cref="KeptStore"/>: this node leaves the cluster.</param>
/// <param name="HandedOver">Nothing depends on this node's part in jobs any more, or it is waited for no longer.</param>
internal sealed record ReignOptions(
    string Name, string Address, TimeSpan Interval, TimeSpan Bound, TimeProvider Time, Action<KeptStore, IActorRef> Begun, Func<Task> Resign, Task HandedOver);
