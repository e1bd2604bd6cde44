using System.Runtime.InteropServices;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Members;
using DistBp.Learning;
using DistBp.Learning.Encodings;
using DistBp.Protocol;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Hosting;

/// <summary>
/// Where the announced versions of one server's shard arrive: what comes as it is goes straight into the flat buffer, codes and rows by way of memory
/// that is used again for each version. One stream at a time: a server is on one node.
/// </summary>
internal sealed class ShardArrival(TrainingMemory memory)
{
    private readonly Dictionary<int, float[]> _values = [];
    private readonly Dictionary<int, int[]> _rows = [];
    private byte[] _codes = [];

    private ParameterLayout Layout => memory.Network.Parameters;

    /// <exception cref="RpcException">INTERNAL: the tensor is none of those that the shard has.</exception>
    public TensorTarget Target(Contract.Envelope envelope, int tensor, long byteCount)
    {
        Contract.ShardCommitted body = envelope.ShardCommitted;
        Piece piece = PieceAt(envelope, tensor);
        switch (piece.Kind)
        {
            case PieceKind.Codes:
                Require(byteCount == (long)piece.Range.Count * memory.Job.Wire.Parameters.ByteCount(), body, byteCount);
                if (_codes.Length < byteCount) _codes = new byte[byteCount];
                return new TensorTarget(_codes.AsMemory(0, (int)byteCount), envelope.Tensors[tensor].Encoding);
            case PieceKind.Rows:
                Require(byteCount <= (long)piece.View!.Shape[0] * sizeof(int) && byteCount % sizeof(int) == 0, body, byteCount);
                return Grown(_rows, tensor, (int)(byteCount / sizeof(int)));
            case PieceKind.Values:
                Require(byteCount <= (long)piece.View!.Count * sizeof(float) && byteCount % sizeof(float) == 0, body, byteCount);
                return Grown(_values, tensor, (int)(byteCount / sizeof(float)));
            default:
                Require(byteCount == (long)piece.Range.Count * sizeof(float), body, byteCount);
                return memory.Parameters.Memory.Slice(piece.Range.Offset, piece.Range.Count);
        }
    }

    /// <summary>All tensors are there: what is not in the flat buffer yet goes there.</summary>
    public void Place(Contract.Envelope envelope, ReadOnlySpan<TensorBytes> tensors)
    {
        for (int i = 0; i < tensors.Length; i++)
        {
            Piece piece = PieceAt(envelope, i);
            Span<float> flat = memory.Parameters.Span;
            if (piece.Kind == PieceKind.Codes)
            {
                Require(tensors[i].ByteCount == (long)piece.Range.Count * sizeof(ushort), envelope.ShardCommitted, tensors[i].ByteCount);
                memory.Job.Wire.Parameters.Decode(MemoryMarshal.Cast<byte, ushort>(tensors[i].Bytes.Span), flat.Slice(piece.Range.Offset, piece.Range.Count));
            }
            else if (piece.Kind == PieceKind.Values)
            {
                Scatter(envelope.ShardCommitted, piece.View!, tensors[i - 1].Integers.Span, tensors[i].Floats.Span);
            }
            else if (piece.Kind == PieceKind.Floats && envelope.Tensors[i].Place is not null)
            {
                Require(tensors[i].ByteCount == (long)piece.Range.Count * sizeof(float), envelope.ShardCommitted, tensors[i].ByteCount);
                tensors[i].Floats.Span.CopyTo(flat.Slice(piece.Range.Offset, piece.Range.Count));
            }
        }
    }

    /// <summary>The first and the last row may lie in the shard in part.</summary>
    private void Scatter(Contract.ShardCommitted body, ParameterView view, ReadOnlySpan<int> rows, ReadOnlySpan<float> values)
    {
        ParameterShard shard = body.Range.ToProtocol();
        int at = 0, before = -1;
        foreach (int row in rows)
        {
            Require(row > before && row < view.Shape[0], body, rows.Length);
            before = row;
            ParameterShard piece = shard.Overlap(new ParameterShard(view.Offset + row * view.Width, view.Width));
            Require(piece.Count > 0 && at + piece.Count <= values.Length, body, values.Length);
            values.Slice(at, piece.Count).CopyTo(memory.Parameters.Span[piece.Offset..]);
            at += piece.Count;
        }
        Require(at == values.Length, body, values.Length);
    }

    private Piece PieceAt(Contract.Envelope envelope, int tensor)
    {
        Contract.ShardCommitted body = envelope.ShardCommitted;
        ParameterShard shard = body.Range.ToProtocol();
        if (shard.Offset < 0 || shard.Count < 0 || shard.Count > Layout.UpdatedCount - shard.Offset)
            throw new RpcException(StatusCode.Internal, $"{shard} came, of {Layout.UpdatedCount} that steps change");
        var sections = new ShardSections(Layout, shard);
        Contract.Encoding encoding = envelope.Tensors[tensor].Encoding;
        int at = tensor;
        if (sections.Dense.Count > 0 && at-- == 0)
        {
            if (encoding == Contract.Encoding.Float32) return new Piece(PieceKind.Floats, sections.Dense, null);
            if (memory.Job.Wire.Parameters != ParameterEncoding.F32 && encoding == memory.Job.Wire.Parameters.ToContract())
                return new Piece(PieceKind.Codes, sections.Dense, null);
            throw new RpcException(StatusCode.Internal, $"parameters came as {encoding}, and wire.parameters is {memory.Job.Wire.Parameters}");
        }
        if (sections.Tables.Count > 0 && body.Rows)
        {
            int tables = Layout.SparseViews.Count;
            if (at < 2 * tables) return Of(at % 2 == 0 ? PieceKind.Rows : PieceKind.Values, Layout.SparseViews[at / 2], encoding);
            at -= 2 * tables;
        }
        else if (sections.Tables.Count > 0 && at-- == 0)
        {
            return Floats(sections.Tables, encoding);
        }
        if (sections.Rest.Count > 0 && at == 0) return Floats(sections.Rest, encoding);
        throw new RpcException(StatusCode.Internal, $"{envelope.Tensors.Count} tensors came for {shard}");
    }

    private static Piece Of(PieceKind kind, ParameterView view, Contract.Encoding encoding)
    {
        if (encoding != (kind == PieceKind.Rows ? Contract.Encoding.Int32 : Contract.Encoding.Float32))
            throw new RpcException(StatusCode.Internal, $"{kind} of {view.Name} came as {encoding}");
        return new Piece(kind, default, view);
    }

    private static Piece Floats(ParameterShard range, Contract.Encoding encoding) => encoding == Contract.Encoding.Float32
        ? new Piece(PieceKind.Floats, range, null) : throw new RpcException(StatusCode.Internal, $"{range} came as {encoding}");

    private static Memory<T> Grown<T>(Dictionary<int, T[]> buffers, int tensor, int length)
    {
        if (!buffers.TryGetValue(tensor, out T[]? buffer) || buffer.Length < length) buffers[tensor] = buffer = new T[length];
        return buffer.AsMemory(0, length);
    }

    private static void Require(bool fits, Contract.ShardCommitted body, long count)
    {
        if (!fits) throw new RpcException(StatusCode.Internal, $"{count} bytes or rows came that do not fit {body.Range.ToProtocol()} of server {body.Server}");
    }

    private enum PieceKind
    {
        Floats,
        Codes,
        Rows,
        Values,
    }

    private readonly record struct Piece(PieceKind Kind, ParameterShard Range, ParameterView? View);
}
