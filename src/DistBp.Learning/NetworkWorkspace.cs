using DistBp.Learning.Data;
using DistBp.Learning.Kernels;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using DistBp.Learning.Metrics;

namespace DistBp.Learning;

/// <summary>The memory of one computing thread for one network, made once for the largest pass. Not for two threads at once.</summary>
public sealed class NetworkWorkspace
{
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
    private readonly int _maxSlices;
    private double[] _sliceSums;

    internal NetworkWorkspace(Network network, int maxRows, int maxSlices)
    {
        (_network, MaxRows, _maxSlices) = (network, maxRows, maxSlices);
        TargetElements = network.Target.Kind == TargetKind.Input ? network.InputShape.ElementCount : network.Target.Shape.ElementCount;
        _inputs = Rows(network.InputShape.ElementCount);
        _targets = Rows(TargetElements);
        _lengths = new int[maxRows];
        _outputs = new TensorBuffer[network.Layers.Count];
        _states = new TensorBuffer[network.Layers.Count];
        int widest = network.OutputShape.ElementCount;
        for (int index = 0; index < _outputs.Length; index++)
        {
            Layer layer = network.Layers[index];
            TensorBuffer input = index == 0 ? _inputs : _outputs[index - 1];
            _outputs[index] = layer.IsReshape ? input : Rows(layer.OutputShape.ElementCount);
            _states[index] = new TensorBuffer(layer.StateLength(maxRows, maxSlices));
            widest = Math.Max(widest, layer.OutputShape.ElementCount);
            // No gradient of the network's input is ever computed.
            if (index > 0) widest = Math.Max(widest, layer.InputShape.ElementCount);
        }
        _deltas = [Rows(widest), Rows(widest)];
        _losses = Rows(1);
        _predictions = NeedsPredictions ? Rows(network.OutputShape.ElementCount) : new TensorBuffer(0);
        _sliceSums = new double[maxSlices * network.Metrics.Count];
    }

    public int MaxRows { get; }

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

    /// <summary>The gradient of the loss with respect to the outputs, after <see cref="Sum"/>; then scratch of backward.</summary>
    internal Span<float> OutputDelta => _deltas[0].Span;

    internal Span<float> OtherDelta => _deltas[1].Span;

    // Metrics of values are about predictions; binaryCrossEntropy gives logits.
    private bool NeedsPredictions => !_network.Metrics.IsOfClasses && _network.Loss.Kind == LossKind.BinaryCrossEntropy;

    internal ReadOnlySpan<int> LengthsOf(int rows) => HasLengths ? _lengths.AsSpan(0, rows) : [];

    internal Span<float> State(int layer) => _states[layer].Span;

    internal ReadOnlySpan<float> Input(int layer, int rows)
        => (layer == 0 ? _inputs : _outputs[layer - 1]).Span[..(rows * _network.Layers[layer].InputShape.ElementCount)];

    internal Span<float> Output(int layer, int rows) => _outputs[layer].Span[..(rows * _network.Layers[layer].OutputShape.ElementCount)];

    internal Span<float> Outputs(int rows) => Output(_outputs.Length - 1, rows);

    internal SliceRows OneSlice(int rows)
    {
        _oneSlice.Reset(0);
        _oneSlice.Add(rows);
        return _oneSlice;
    }

    /// <summary>After forward: losses and their gradient, and the metric sums per slice in row order, then along the tree.</summary>
    internal void Sum(MetricSet metrics, SliceRows rows, Span<double> sums)
    {
        int count = rows.RowCount, columns = _network.OutputShape.ElementCount;
        Span<float> outputs = Outputs(count), losses = _losses.Span[..count];
        ReadOnlySpan<float> targets = _targets.Span[..(count * TargetElements)];
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

    private TensorBuffer Rows(int elements)
    {
        long length = (long)MaxRows * elements;
        if (length > Array.MaxLength - 64)
        {
            throw new UserException(
                ErrorKind.Usage, $"{MaxRows} samples of {elements} elements do not fit one buffer", "batch, slices",
                "use a smaller batch or more workers");
        }
        return new TensorBuffer((int)length);
    }
}
