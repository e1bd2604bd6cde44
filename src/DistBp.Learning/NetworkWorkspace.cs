using DistBp.Learning.Data;
using DistBp.Learning.Diagnosis;
using DistBp.Learning.Kernels;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using DistBp.Learning.Metrics;

namespace DistBp.Learning;

/// <summary>
/// The memory of one computing thread for one network, made once. Inputs, targets and outputs are kept of all rows; what lies between is
/// kept of as many as are passed at a time, so that large activations stay small in sum and near the caches. Not for two threads at once.
/// </summary>
public sealed class NetworkWorkspace
{
    /// <summary>Of what lies between inputs and outputs; more only where one slice needs more.</summary>
    private const int PassFloats = 4 * 1024 * 1024;

    private readonly Network _network;
    private readonly TensorBuffer _inputs;
    private readonly TensorBuffer _targets;
    private readonly int[] _lengths;
    private readonly TensorBuffer[] _outputs;
    private readonly TensorBuffer[] _states;
    private readonly TensorBuffer[] _deltas;
    private readonly TensorBuffer _losses;
    private readonly TensorBuffer _predictions;
    private readonly SliceRows _oneSlice = new(1);
    private readonly SliceRows _node;
    private readonly List<(Gradient Gradient, double[] Sums)> _siblings = [];
    private readonly int _maxSlices;
    private int _firstRow;
    private double[] _sliceSums;

    internal NetworkWorkspace(Network network, int maxRows, int maxSlices, int maxSliceRows)
    {
        (_network, MaxRows, _maxSlices, _node) = (network, maxRows, maxSlices, new SliceRows(maxSlices));
        PassRows = RowsOfPass(network, maxRows, maxSlices, maxSliceRows);
        TargetElements = network.Target.Kind == TargetKind.Input ? network.InputShape.ElementCount : network.Target.Shape.ElementCount;
        _inputs = Rows(maxRows, network.InputShape.ElementCount);
        _targets = Rows(maxRows, TargetElements);
        _lengths = new int[maxRows];
        _outputs = new TensorBuffer[network.Layers.Count];
        _states = new TensorBuffer[network.Layers.Count];
        for (int index = 0; index < _outputs.Length; index++)
        {
            Layer layer = network.Layers[index];
            TensorBuffer input = index == 0 ? _inputs : _outputs[index - 1];
            bool isLast = network.Layers.Skip(index + 1).All(l => l.IsReshape);
            _outputs[index] = layer.IsReshape ? input : Rows(isLast ? maxRows : PassRows, layer.OutputShape.ElementCount);
            _states[index] = new TensorBuffer(layer.StateLength(PassRows, maxSlices));
        }
        int widest = Widest(network), outputs = network.OutputShape.ElementCount;
        // Evaluation sums up all rows at once.
        TensorBuffer outputDelta = (long)maxRows * outputs > (long)PassRows * widest ? Rows(maxRows, outputs) : Rows(PassRows, widest);
        _deltas = [outputDelta, Rows(PassRows, widest)];
        _losses = Rows(maxRows, 1);
        _predictions = NeedsPredictions ? Rows(maxRows, outputs) : new TensorBuffer(0);
        _sliceSums = new double[maxSlices * network.Metrics.Count];
        Activations = new ActivationMeasurement(network, maxSlices);
    }

    public int MaxRows { get; }

    /// <summary>Rows that go through the layers at a time.</summary>
    public int PassRows { get; }

    /// <summary>[MaxRows, InputShape]: the caller fills the rows of the pass.</summary>
    public Span<float> Inputs => _inputs.Span;

    /// <summary>[MaxRows, TargetElements]: the caller fills the rows of the pass.</summary>
    public Span<float> Targets => _targets.Span;

    /// <summary>
    /// [MaxRows]: the caller fills the rows of the pass where <see cref="HasLengths"/>: how many steps of each sequence count.
    /// </summary>
    public Span<int> Lengths => _lengths;

    /// <summary>Whether <see cref="Lengths"/> are given; otherwise every sample is whole.</summary>
    public bool HasLengths { get; set; }

    /// <summary>Floats of one sample's target.</summary>
    public int TargetElements { get; }

    internal MatrixWorkspace Kernels { get; } = new();

    internal ActivationMeasurement Activations { get; }

    /// <summary>The gradient of the loss with respect to the outputs, after <see cref="Sum"/>; then scratch of backward.</summary>
    internal Span<float> OutputDelta => _deltas[0].Span;

    internal Span<float> OtherDelta => _deltas[1].Span;

    // Metrics of values are about predictions; binaryCrossEntropy gives logits.
    private bool NeedsPredictions => !_network.Metrics.IsOfClasses && _network.Loss.Kind == LossKind.BinaryCrossEntropy;

    internal ReadOnlySpan<int> LengthsOf(int rows) => HasLengths ? _lengths.AsSpan(_firstRow, rows) : [];

    internal Span<float> State(int layer) => _states[layer].Span;

    internal ReadOnlySpan<float> Input(int layer, int rows)
        => RowsOf(layer == 0 ? _inputs : _outputs[layer - 1], rows, _network.Layers[layer].InputShape.ElementCount);

    internal Span<float> Output(int layer, int rows) => RowsOf(_outputs[layer], rows, _network.Layers[layer].OutputShape.ElementCount);

    internal Span<float> Outputs(int rows) => Output(_outputs.Length - 1, rows);

    /// <summary>From here on the pass is about the rows from this one on.</summary>
    internal void BeginAt(int firstRow) => _firstRow = firstRow;

    internal SliceRows OneSlice(int rows)
    {
        _oneSlice.Reset(0);
        _oneSlice.Add(rows);
        return _oneSlice;
    }

    /// <summary>The slices of a node of the tree over <paramref name="rows"/>; valid until the next call.</summary>
    internal SliceRows SlicesOf(SliceRows rows, Subtree node)
    {
        _node.Reset(rows.FirstSlice + node.First);
        for (int slice = node.First; slice < node.End; slice++) _node.Add(rows.RowStarts[slice + 1] - rows.RowStarts[slice]);
        return _node;
    }

    /// <summary>Where the gradient and sums of a right sibling wait to be added, so many nodes deep in the tree; made with the first step.</summary>
    internal (Gradient Gradient, double[] Sums) Sibling(int depth)
    {
        while (_siblings.Count <= depth)
            _siblings.Add((new Gradient(_network.Parameters, MaxRows), new double[_network.Metrics.Count + _network.Activations.Count]));
        return _siblings[depth];
    }

    /// <summary>After forward: losses and their gradient, and the metric sums per slice in row order, then along the tree.</summary>
    internal void Sum(MetricSet metrics, SliceRows rows, Span<double> sums)
    {
        int count = rows.RowCount, columns = _network.OutputShape.ElementCount;
        Span<float> outputs = Outputs(count), losses = _losses.Span[..count];
        ReadOnlySpan<float> targets = RowsOf(_targets, count, TargetElements);
        _network.Loss.Compute(outputs, targets, _deltas[0].Span[..(count * columns)], losses, columns, LengthsOf(count));
        if (NeedsPredictions)
        {
            Span<float> predictions = _predictions.Span[..outputs.Length];
            outputs.CopyTo(predictions);
            _network.Loss.Predict(predictions, columns);
            outputs = predictions;
        }
        SumSlices(metrics, rows, outputs, targets, losses, sums);
    }

    private void SumSlices(
        MetricSet metrics, SliceRows rows, ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, ReadOnlySpan<float> losses,
        Span<double> sums)
    {
        int width = metrics.Count, columns = _network.OutputShape.ElementCount;
        // Grows once, where a larger metric set (with a confusion matrix) is asked for.
        if (_sliceSums.Length < _maxSlices * width) _sliceSums = new double[_maxSlices * width];
        sums.Clear();
        if (rows.SliceCount == 0) return;
        Span<double> sliceSums = _sliceSums.AsSpan(0, rows.SliceCount * width);
        sliceSums.Clear();
        for (int slice = 0; slice < rows.SliceCount; slice++)
        {
            Span<double> ofSlice = sliceSums.Slice(slice * width, width);
            for (int r = rows.RowStarts[slice]; r < rows.RowStarts[slice + 1]; r++)
            {
                // Of a sequence with a class a step, the steps that count.
                int steps = HasLengths && _network.Target.ClassSteps > 0 ? _lengths[r] : TargetElements;
                int used = steps == TargetElements ? columns : columns / TargetElements * steps;
                metrics.Add(losses[r], outputs.Slice(r * columns, used), targets.Slice(r * TargetElements, steps), ofSlice);
            }
        }
        AddAlongTree(new Subtree(0, rows.SliceCount), sliceSums, width);
        sliceSums[..width].CopyTo(sums);
    }

    // Each node's sum ends up at its first slice.
    private static void AddAlongTree(Subtree node, Span<double> sums, int width)
    {
        if (node.Count < 2) return;
        AddAlongTree(node.Left, sums, width);
        AddAlongTree(node.Right, sums, width);
        Span<double> left = sums.Slice(node.First * width, width), right = sums.Slice(node.Right.First * width, width);
        for (int i = 0; i < width; i++) left[i] += right[i];
    }

    // Of all rows, or of those of the pass.
    private Span<float> RowsOf(TensorBuffer buffer, int rows, int elements)
    {
        bool ofAll = ReferenceEquals(buffer, _inputs) || ReferenceEquals(buffer, _targets) || ReferenceEquals(buffer, _outputs[^1]);
        return buffer.Span.Slice(ofAll ? _firstRow * elements : 0, rows * elements);
    }

    private static int RowsOfPass(Network network, int maxRows, int maxSlices, int maxSliceRows)
    {
        long floats = 2L * Widest(network);
        foreach (Layer layer in network.Layers) floats += (layer.IsReshape ? 0 : layer.OutputShape.ElementCount) + layer.StateLength(1, 1);
        int slices = (int)Math.Max(1, PassFloats / floats / Math.Max(1, maxSliceRows));
        return (int)Math.Min(maxRows, (long)slices * maxSliceRows);
    }

    // No gradient of the network's input is ever computed.
    private static int Widest(Network network) => network.Layers.Max(layer => layer.OutputShape.ElementCount);

    private static TensorBuffer Rows(int rows, int elements)
    {
        long length = (long)rows * elements;
        if (length > Array.MaxLength - 64)
        {
            throw new UserException(
                ErrorKind.Usage, $"{rows} samples of {elements} elements do not fit one buffer", "batch, slices",
                "use a smaller batch or more workers");
        }
        return new TensorBuffer((int)length);
    }
}
