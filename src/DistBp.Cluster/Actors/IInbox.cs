using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>Takes the messages to one actor, and has it handle them: one at a time, in the order in which each thread has posted them.</summary>
internal interface IInbox
{
    /// <summary>Never waits for others, but the message may be handled by this call.</summary>
    void Post(Message message);

    /// <summary>The actor is gone: what comes still is handled no more, or by nobody who minds.</summary>
    void End();
}
