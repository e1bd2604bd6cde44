using System.Runtime.InteropServices;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Wire.Members;
using DistBp.Learning;
using DistBp.Learning.Encodings;
using DistBp.Protocol;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Hosting;

/// <summary>
/// The newest version of a server's shard as other nodes get it: rounded parameters as their codes, and of tables the rows that the step has changed. Made
/// once a version, however many nodes there are. Its memory is of one generation: a slow link may still carry what an earlier one announced.
/// </summary>
internal sealed class ShardAnnouncement(TrainingMemory memory, ShardState shard)
{
    private const long Nothing = -1;

    private readonly ShardSections _sections = new(memory.Network.Parameters, shard.Shard);
    private readonly int[][] _rows = new int[memory.Network.Parameters.SparseViews.Count][];
    private readonly float[][] _values = new float[memory.Network.Parameters.SparseViews.Count][];
    private readonly (int Rows, int Values)[] _counts = new (int, int)[memory.Network.Parameters.SparseViews.Count];
    private byte[] _codes = [];
    private long _coded = Nothing;
    private long _gathered = Nothing;

    private ParameterEncoding Encoding => memory.Job.Wire.Parameters;

    /// <summary>Whether a node that has the version before needs of tables only what the last step has changed.</summary>
    public bool IsStep(long version) => shard.ChangedBy == version - 1;

    /// <summary>Adds the tensors of a <see cref="Contract.ShardCommitted"/>.</summary>
    /// <param name="rows">Of tables only changed rows.</param>
    /// <param name="link">Where its peer reads this process's memory, parameters are not encoded: they stay where they are.</param>
    /// <param name="waits">False: the server may write again before the node has everything.</param>
    public void Add(long version, bool rows, NodeLink link, bool waits, List<TensorBytes> tensors)
    {
        if (_sections.Dense.Count > 0) tensors.Add(Dense(version, link, waits));
        if (_sections.Tables.Count > 0 && rows) AddRows(version, waits, tensors);
        else if (_sections.Tables.Count > 0) tensors.Add(Stable(Flat(_sections.Tables), waits));
        if (_sections.Rest.Count > 0) tensors.Add(Stable(Flat(_sections.Rest), waits));
    }

    private TensorBytes Dense(long version, NodeLink link, bool waits)
    {
        ReadOnlyMemory<float> exact = Flat(_sections.Dense);
        if (Encoding == ParameterEncoding.F32 || shard.ShowsExact || link.Shares(exact)) return Stable(exact, waits);
        if (_coded != version)
        {
            if (_codes.Length == 0) _codes = GC.AllocateUninitializedArray<byte>(_sections.Dense.Count * Encoding.ByteCount(), pinned: true);
            Encoding.Encode(exact.Span, MemoryMarshal.Cast<byte, ushort>(_codes.AsSpan()));
            _coded = version;
        }
        return new TensorBytes(waits ? _codes : [.. _codes], Encoding.ToContract());
    }

    private void AddRows(long version, bool waits, List<TensorBytes> tensors)
    {
        IReadOnlyList<TableShard> tables = shard.Tables;
        if (_gathered != version)
        {
            for (int i = 0; i < tables.Count; i++) Gather(tables[i], i);
            _gathered = version;
        }
        for (int i = 0; i < tables.Count; i++)
        {
            ReadOnlyMemory<int> rows = _rows[i].AsMemory(0, _counts[i].Rows);
            tensors.Add(waits ? rows : rows.ToArray());
            tensors.Add(Stable(_values[i].AsMemory(0, _counts[i].Values), waits));
        }
    }

    private void Gather(TableShard table, int index)
    {
        ReadOnlySpan<int> rows = table.Rows;
        (int[] kept, float[] values) = (_rows[index] ??= [], _values[index] ??= []);
        if (kept.Length < rows.Length) kept = _rows[index] = new int[rows.Length];
        if (values.Length < rows.Length * table.Width) values = _values[index] = new float[rows.Length * table.Width];
        rows.CopyTo(kept);
        int at = 0;
        foreach (int row in rows)
        {
            ParameterShard piece = table.PieceOf(row);
            Flat(piece).Span.CopyTo(values.AsSpan(at));
            at += piece.Count;
        }
        _counts[index] = (rows.Length, at);
    }

    private ReadOnlyMemory<float> Flat(ParameterShard range) => memory.Parameters.Memory.Slice(range.Offset, range.Count);

    private static ReadOnlyMemory<float> Stable(ReadOnlyMemory<float> values, bool waits) => waits ? values : values.ToArray();
}
