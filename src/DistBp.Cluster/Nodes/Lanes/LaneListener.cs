using System.Threading.Channels;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Lanes;
using Google.Protobuf;

namespace DistBp.Cluster.Nodes.Lanes;

/// <summary>Hears what is said over a lane: puts words together, handles them one after the other, and notices where a piece is missing. From any thread.</summary>
internal sealed class LaneListener : IDisposable
{
    /// <summary>Pieces that came and wait to be handled; far above what the protocol can have under way to a node.</summary>
    private const int MaxWaiting = 1 << 16;

    private readonly Channel<LanePiece> _pieces = Channel.CreateBounded<LanePiece>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly string _peer;
    private readonly int _maxWordBytes;
    private readonly Action<LaneWord> _handle;
    private readonly Action<string> _broken;
    private readonly Lock _lock = new();
    private ulong _heard;
    private volatile bool _isOver;

    /// <param name="peer">In words, for errors.</param>
    /// <param name="handle">One word at a time.</param>
    /// <param name="broken">Told why nothing can be heard any more; perhaps more than once.</param>
    public LaneListener(string peer, int maxWordBytes, Action<LaneWord> handle, Action<string> broken)
    {
        (_peer, _maxWordBytes, _handle, _broken) = (peer, maxWordBytes, handle, broken);
        _ = HandleAsync();
    }

    /// <summary>A piece has come. It is handled later: whoever carries it has other things to do.</summary>
    public void Hear(LanePiece piece)
    {
        lock (_lock)
        {
            if (piece.Number != _heard + 1) BreakAfter(piece.Number - 1);
            else if (_pieces.Writer.TryWrite(piece)) _heard++;
            else if (!_isOver) _broken($"{MaxWaiting} pieces of {_peer}'s wait to be handled");
        }
    }

    /// <summary>The other end has sent so many before it said this.</summary>
    public void Expect(ulong pieces)
    {
        lock (_lock)
        {
            if (pieces > _heard) BreakAfter(pieces);
        }
    }

    /// <summary>Nothing is handled any more: what waits means a membership that is over.</summary>
    public void Dispose()
    {
        _isOver = true;
        _pieces.Writer.TryComplete();
    }

    private void BreakAfter(ulong sent) => _broken($"control words were lost on the way from {_peer}: {sent} pieces were sent, and {_heard} came");

    private async Task HandleAsync()
    {
        var begun = new List<ByteString>();
        long bytes = 0;
        try
        {
            await foreach (LanePiece piece in _pieces.Reader.ReadAllAsync().ConfigureAwait(false))
            {
                if (_isOver) return;
                begun.Add(piece.Content);
                bytes += piece.Content.Length;
                // With what was gathered before it.
                if (bytes > _maxWordBytes + 2L * LaneSpeaker.MaxPieceBytes) throw new RpcException(StatusCode.ResourceExhausted, $"a word is longer than {_maxWordBytes} bytes");
                if (piece.More) continue;
                foreach (LaneWord word in LaneWords.Parser.ParseFrom(Joined(begun, (int)bytes)).Words) _handle(word);
                begun.Clear();
                bytes = 0;
            }
        }
        catch (Exception e)
        {
            // The edge of the host: whatever goes wrong here ends the membership and is told by it.
            _broken($"what {_peer} says over its lane cannot be taken: {(e as RpcException)?.Detail ?? e.Message}");
        }
    }

    private static ByteString Joined(List<ByteString> parts, int bytes)
    {
        if (parts.Count == 1) return parts[0];
        byte[] whole = new byte[bytes];
        int at = 0;
        foreach (ByteString part in parts)
        {
            part.CopyTo(whole, at);
            at += part.Length;
        }
        return UnsafeByteOperations.UnsafeWrap(whole);
    }
}
