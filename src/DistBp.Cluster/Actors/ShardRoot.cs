using DistBp.Learning;
using DistBp.Learning.Kernels;
using DistBp.Protocol;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// The sum at the root of the reduction tree over a server's shard, written out for those who keep copies of it. Even and odd steps have memory of their own:
/// a step's root stays as it is until the step after it is combined, and where it lies peers of this machine may read it.
/// </summary>
internal sealed class ShardRoot
{
    private readonly StepRoot[] _ofSteps;
    private StepRoot _current;

    /// <param name="server">Whose shard it is.</param>
    /// <param name="tables">The shard's parts of the tables.</param>
    public ShardRoot(TrainingMemory memory, int server, ParameterShard shard, IReadOnlyList<TableShard> tables)
    {
        ParameterLayout layout = memory.Network.Parameters;
        int dense = layout.DenseOffset(shard.End) - layout.DenseOffset(shard.Offset);
        _ofSteps = [.. memory.Allocate(Address.Server(server), [dense, dense]).Select(buffer => new StepRoot(buffer, tables, memory.Job.Slices))];
        _current = _ofSteps[0];
    }

    /// <summary>Of the step that was begun last; whole once it is combined.</summary>
    public GradientPart Part => _current.Part;

    /// <summary>As if one worker had computed all slices: a sum of one, which is what it is.</summary>
    public IReadOnlyList<PushGradient> AsContribution => _current.AsContribution;

    public void Begin(long step)
    {
        _current = _ofSteps[step % _ofSteps.Length];
        _current.Clear();
    }

    /// <summary>Writes [offset, offset + left.Length) of what is dense in the shard.</summary>
    /// <param name="right">Empty: left alone.</param>
    public void Write(int offset, ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        Span<float> sum = _current.Dense.Span.Slice(offset, left.Length);
        if (right.IsEmpty) left.CopyTo(sum);
        else GradientReduction.Add(left, right, sum);
    }

    /// <summary>Appends what of a table's row lies in the shard.</summary>
    public void Write(int table, int row, ReadOnlySpan<float> sum) => _current.Tables[table].Append(row, sum);

    /// <summary>The rows of all tables are there.</summary>
    public void EndTables() => _current.EndTables();

    /// <summary>The contribution that a root is: over all slices.</summary>
    public static PushGradient Contribution(Generation generation, int slices, long step, GradientPart root) =>
        new(generation, 0, step, new Subtree(0, slices), root, default);

    private sealed class StepRoot
    {
        private readonly int _slices;
        private GradientPart _part;

        public StepRoot(TensorBuffer dense, IReadOnlyList<TableShard> tables, int slices)
        {
            (Dense, Tables, _slices) = (dense, [.. tables.Select(t => new TableRows(t.Capacity, t.Width))], slices);
            _part = new GradientPart(dense.Memory, []);
            AsContribution = [Contribution(default, slices, 0, _part)];
        }

        public TensorBuffer Dense { get; }

        public TableRows[] Tables { get; }

        public GradientPart Part => _part;

        public PushGradient[] AsContribution { get; }

        public void Clear()
        {
            foreach (TableRows table in Tables) table.Clear();
        }

        public void EndTables()
        {
            if (Tables.Length == 0) return;
            _part = new GradientPart(Dense.Memory, Array.ConvertAll(Tables, table => table.Rows));
            AsContribution[0] = Contribution(default, _slices, 0, _part);
        }
    }

    private sealed class TableRows(int capacity, int width)
    {
        private readonly int[] _rows = new int[capacity];
        private readonly TensorBuffer _values = new(checked(capacity * width));
        private int _count;
        private int _valueCount;

        public SparseRows Rows => _count == 0 ? SparseRows.None : new SparseRows(_rows.AsMemory(0, _count), _values.Memory[.._valueCount]);

        public void Clear() => _count = _valueCount = 0;

        public void Append(int row, ReadOnlySpan<float> sum)
        {
            _rows[_count++] = row;
            sum.CopyTo(_values.Span[_valueCount..]);
            _valueCount += sum.Length;
        }
    }
}
