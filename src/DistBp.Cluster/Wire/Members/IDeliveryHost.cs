using DistBp.Cluster.Actors;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Wire.Members;

/// <summary>
/// To whom peers' messages are delivered. Each peer's stream calls from one thread at a time, different streams at once. An
/// <see cref="RpcException"/> ends the stream of the peer whose message it is about; the peer sees status and detail.
/// </summary>
internal interface IDeliveryHost
{
    /// <summary>Somebody wants to send messages.</summary>
    /// <param name="address">"address:port" of his end.</param>
    /// <returns>His name, for errors.</returns>
    /// <exception cref="RpcException">He is not admitted.</exception>
    string Admit(Metadata metadata, string address);

    /// <summary>Who looks, while he has nothing to compute, into a peer's ring of messages and for what comes over its call; null: nobody, and there is no ring.</summary>
    /// <param name="metadata">Of the call.</param>
    Attendance? AttendanceOf(Metadata metadata) => null;

    /// <summary>
    /// Where a tensor belongs that comes in chunks, not in shared memory. The memory is the stream's until the message is delivered or the stream
    /// has ended.
    /// </summary>
    /// <param name="envelope">Of an announcement: as much of the message as is known yet.</param>
    /// <param name="tensor">Its place in the envelope, counted from 0.</param>
    /// <param name="byteCount">Above 0; the target has so many bytes, or discards: then the message is not delivered.</param>
    /// <exception cref="RpcException">The tensor is not one that belongs anywhere.</exception>
    TensorTarget Destination(Envelope envelope, int tensor, long byteCount);

    /// <summary>Whether what is still to come of a tensor must not be written any more: the memory that was its <see cref="Destination"/> has another use by now.</summary>
    bool IsVoid(Envelope envelope) => false;

    /// <summary>Where the message is of an older generation than one that was heard of here: that one. The message is not applied, and its sender hears why.</summary>
    Generation? FencedBy(Envelope envelope) => null;

    /// <summary>
    /// A message is there with all its tensors, checked: in the memory of <see cref="Destination"/>, or in the sender's own where that is shared, to
    /// be read and not written. To be handled at once, or kept: the span is the stream's, the memory is not.
    /// </summary>
    void Deliver(Envelope envelope, ReadOnlySpan<TensorBytes> tensors);

    /// <summary>A stream that was admitted has ended.</summary>
    /// <param name="why">Null: the peer has closed it in order.</param>
    void Closed(string peer, RpcException? why);
}
