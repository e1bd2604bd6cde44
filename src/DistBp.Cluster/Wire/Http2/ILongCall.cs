using System.Buffers;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Wire.Grpc;
using Google.Protobuf;

namespace DistBp.Cluster.Wire.Http2;

/// <summary>The server's side of a long call of tensors, by a <see cref="LeanConnection"/>: one thread at a time.</summary>
internal interface ILongCall
{
    /// <summary>Who looks for what comes, beside the connection's own thread; null: nobody.</summary>
    Attendance? Attendance { get; }

    /// <summary>The next bytes of the requests, wherever their messages begin. None of them is left.</summary>
    /// <exception cref="RpcException">The status with which the call ends.</exception>
    void Take(ReadOnlySequence<byte> bytes);

    /// <summary>What there is to say; null: nothing more.</summary>
    IMessage? NextAnswer();

    /// <summary>The client has said that no more comes.</summary>
    /// <exception cref="RpcException">The status with which the call ends; else it is OK.</exception>
    void Complete();

    /// <summary>Nothing more is called.</summary>
    /// <param name="why">Null: the call has ended with OK.</param>
    void Close(RpcException? why);
}

/// <summary>Begins a call, or refuses it with an <see cref="RpcException"/>.</summary>
/// <param name="peer">"address:port" of the client's end.</param>
/// <param name="wake">Has <see cref="ILongCall.NextAnswer"/> asked soon, although no bytes come; from any thread.</param>
internal delegate ILongCall LongCallStart(Metadata metadata, string peer, Action wake);
