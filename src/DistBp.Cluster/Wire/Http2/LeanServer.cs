using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using DistBp.Cluster.Wire.Grpc;
using Microsoft.AspNetCore.Connections;

namespace DistBp.Cluster.Wire.Http2;

/// <summary>
/// Stands before Kestrel's HTTP/2 and takes the connections of <see cref="Http2Call"/> that ask for it: their bytes go from the connection's buffer into
/// training memory, where Kestrel copies them once more and wakes two threads on the way. All other connections are Kestrel's.
/// </summary>
/// <param name="report">Is told of a bug in a call.</param>
internal sealed class LeanServer(GrpcLimits limits, Action<Exception> report)
{
    /// <summary>
    /// The setting by which a client asks, its first one. It is of those for experiments, and says nothing to who does not know it (RFC 9113, section 6.5.2).
    /// </summary>
    public const ushort Setting = 0xF15B;

    /// <summary>The client's first frame up to its first setting.</summary>
    private const int OpeningBytes = 24 + FrameHeader.Bytes + 6;

    private readonly Dictionary<string, LongCallStart> _calls = [];

    public static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <param name="path">Of a method whose messages stand in a .proto.</param>
    public void Add(string path, LongCallStart start) => _calls.Add(path, start);

    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate kestrel)
    {
        if (_calls.Count > 0 && await AsksAsync(connection.Transport.Input).ConfigureAwait(false)) await new LeanConnection(connection, limits, _calls, report).RunAsync().ConfigureAwait(false);
        else await kestrel(connection).ConfigureAwait(false);
    }

    /// <summary>Takes nothing from the pipe.</summary>
    private async Task<bool> AsksAsync(PipeReader input)
    {
        using var patience = new CancellationTokenSource(limits.PingInterval + limits.PingTimeout);
        try
        {
            while (true)
            {
                ReadResult result = await input.ReadAsync(patience.Token).ConfigureAwait(false);
                bool? asks = Asks(result.Buffer);
                // What was not decided is not to be read again before there is more of it.
                input.AdvanceTo(result.Buffer.Start, asks is null && !result.IsCompleted ? result.Buffer.End : result.Buffer.Start);
                if (asks is not null || result.IsCompleted) return asks ?? false;
            }
        }
        catch (OperationCanceledException)
        {
            // A client that says nothing: Kestrel has its own patience with those.
            return false;
        }
        catch (IOException)
        {
            // It has gone; Kestrel finds that too.
            return false;
        }
    }

    /// <returns>Null: more is to come before it can be told.</returns>
    private static bool? Asks(ReadOnlySequence<byte> buffer)
    {
        Span<byte> opening = stackalloc byte[OpeningBytes];
        opening = opening[..(int)Math.Min(buffer.Length, OpeningBytes)];
        buffer.Slice(0, opening.Length).CopyTo(opening);
        int preface = Math.Min(opening.Length, Preface.Length);
        if (!opening[..preface].SequenceEqual(Preface[..preface])) return false;
        if (opening.Length < Preface.Length + FrameHeader.Bytes) return null;
        FrameHeader first = FrameHeader.Read(opening[Preface.Length..]);
        // Who sends no settings would wait for an answer to them.
        if (first.Type != FrameType.Settings || first.Length < 6) return false;
        if (opening.Length < OpeningBytes) return null;
        ReadOnlySpan<byte> setting = opening[(Preface.Length + FrameHeader.Bytes)..];
        return BinaryPrimitives.ReadUInt16BigEndian(setting) == Setting && BinaryPrimitives.ReadInt32BigEndian(setting[2..]) == 1;
    }
}
