using DistBp.Protocol;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>Carries messages between the actors of a run: within a process by reference, between nodes over the wire. Those between two members keep their order.</summary>
internal interface ITransport
{
    /// <summary>The run has failed here: messages are handled no more.</summary>
    bool HasFailed { get; }

    /// <summary>Never waits. What goes to a member that is gone is dropped: the coordinator hears of the loss by another way.</summary>
    void Send(Address from, Address target, Message message);

    /// <summary>The first failure ends the run here.</summary>
    void Fail(Exception failure);
}
