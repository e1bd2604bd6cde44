using System.Runtime.InteropServices;
using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>
/// y = γ · x̂ + β, x̂ = (x − μ) / √(σ² + ε), one μ, σ, γ, β a channel (Ioffe, Szegedy, ICML 2015). In training μ and σ² are those of a
/// slice: over its n = rows · positions elements of the channel, σ² biased. Evaluation, and training of a frozen layer, use the running
/// statistics as constants. Backward, per slice: dβ = Σ dy; dγ = Σ dy · x̂; dx = γ / √(σ² + ε) · (dy − dβ/n − x̂ · dγ/n).
/// A slice adds rows · μ and rows · σ² · n/(n − 1) to the running statistics' sums (as in PyTorch the unbiased variance; of one element: 0).
/// The order of all sums: <see cref="ChannelSums"/>.
/// </summary>
public sealed class BatchNormLayer : Layer
{
    private const int Gain = 0, Bias = 1, RunningMean = 2, RunningVariance = 3;
    private readonly int _channels;
    private readonly int _positions;
    private readonly double _epsilon;

    internal BatchNormLayer(string name, TensorShape shape, float momentum, double epsilon)
        : base(name, shape, shape, Describe(shape[0], momentum))
        => (_channels, _positions, _epsilon) = (shape[0], shape.ElementCount / shape[0], epsilon);

    /// <summary>A channel has one element a sample: a slice of one sample has nothing to normalize.</summary>
    public bool NeedsSeveralSamples => _positions == 1;

    /// <summary>Mean and variance of each slice.</summary>
    public override int StateLength(int maxRows, int maxSlices) => checked(2 * maxSlices * _channels);

    public override void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y)
    {
        Span<float> scratch = pass.Workspace.Scratch(3 * _channels), scale = scratch[(2 * _channels)..];
        if (!pass.Training || !pass.Updates(RunningMean))
        {
            Scale(pass.Parameter(Gain), pass.Parameter(RunningVariance), scale);
            ChannelwiseMaps.Normalize(x, y, pass.Parameter(RunningMean), scale, pass.Parameter(Bias), pass.Rows.RowCount, _positions);
            return;
        }
        for (int slice = 0; slice < pass.Rows.SliceCount; slice++)
        {
            (int start, int rows) = Elements(pass.Rows, slice, out int count);
            Span<float> mean = MeanOf(pass.State, slice), variance = VarianceOf(pass.State, slice);
            ReadOnlySpan<float> xOfSlice = x.Slice(start, count);
            BatchStatistics.Compute(xOfSlice, rows, _positions, mean, variance, Sums(scratch));
            Scale(pass.Parameter(Gain), variance, scale);
            ChannelwiseMaps.Normalize(xOfSlice, y.Slice(start, count), mean, scale, pass.Parameter(Bias), rows, _positions);
        }
    }

    public override void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx)
    {
        if (pass.Updates(RunningMean)) BackwardOfSlices(pass, x, dy, dx);
        else if (!dx.IsEmpty) BackwardOfConstants(pass, x, dy, dx);
    }

    private void BackwardOfSlices(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx)
    {
        int slices = pass.Rows.SliceCount, length = slices * _channels;
        Span<float> scratch = pass.Workspace.Scratch(2 * length + 5 * _channels);
        Span<float> constants = scratch[(2 * _channels)..], dGain = constants.Slice(3 * _channels, length), dBias = constants[(3 * _channels + length)..];
        for (int slice = 0; slice < slices; slice++)
        {
            (int start, int rows) = Elements(pass.Rows, slice, out int count);
            Span<float> dGainOfSlice = dGain.Slice(slice * _channels, _channels), dBiasOfSlice = dBias.Slice(slice * _channels, _channels);
            ReadOnlySpan<float> xOfSlice = x.Slice(start, count), dyOfSlice = dy.Slice(start, count);
            Span<float> mean = MeanOf(pass.State, slice), variance = VarianceOf(pass.State, slice);
            BatchStatistics.Backward(
                dyOfSlice, xOfSlice, rows, _positions, mean, variance, _epsilon, dGainOfSlice, dBiasOfSlice, Sums(scratch));
            if (dx.IsEmpty || rows == 0) continue;
            Span<float> scale = constants[.._channels], offset = constants.Slice(_channels, _channels), slope = constants.Slice(2 * _channels, _channels);
            Scale(pass.Parameter(Gain), variance, scale);
            float share = 1f / ((float)rows * _positions);
            for (int c = 0; c < _channels; c++)
            {
                offset[c] = dBiasOfSlice[c] * share;
                slope[c] = -(dGainOfSlice[c] * share * BatchStatistics.InverseDeviation(variance[c], _epsilon));
            }
            ChannelwiseMaps.NormalizeBackward(dyOfSlice, xOfSlice, dx.Slice(start, count), mean, scale, offset, slope, rows, _positions);
        }
        GradientReduction.AddSlices(dGain, slices, pass.GradientOf(Gain));
        GradientReduction.AddSlices(dBias, slices, pass.GradientOf(Bias));
        AddStatistics(pass, dGain);
    }

    private void BackwardOfConstants(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx)
    {
        Span<float> scratch = pass.Workspace.Scratch(2 * _channels), scale = scratch[.._channels], zeros = scratch[_channels..];
        Scale(pass.Parameter(Gain), pass.Parameter(RunningVariance), scale);
        zeros.Clear();
        ChannelwiseMaps.NormalizeBackward(dy, x, dx, pass.Parameter(RunningMean), scale, zeros, zeros, pass.Rows.RowCount, _positions);
    }

    /// <param name="perSlice">Scratch of [slices, channels].</param>
    private void AddStatistics(in LayerPass pass, Span<float> perSlice)
    {
        foreach (int statistic in (ReadOnlySpan<int>)[RunningMean, RunningVariance])
        {
            for (int slice = 0; slice < pass.Rows.SliceCount; slice++)
            {
                (_, int rows) = Elements(pass.Rows, slice, out _);
                double count = (double)rows * _positions, unbiased = count > 1 ? count / (count - 1) : 1;
                ReadOnlySpan<float> values = statistic == RunningMean ? MeanOf(pass.State, slice) : VarianceOf(pass.State, slice);
                float weight = (float)(statistic == RunningMean ? rows : rows * unbiased);
                for (int c = 0; c < _channels; c++) perSlice[slice * _channels + c] = rows == 0 ? 0 : weight * values[c];
            }
            GradientReduction.AddSlices(perSlice, pass.Rows.SliceCount, pass.GradientOf(statistic));
        }
    }

    /// <summary>[channels]: the first part of the scratch, whose beginning is aligned.</summary>
    private Span<double> Sums(Span<float> scratch) => MemoryMarshal.Cast<float, double>(scratch[..(2 * _channels)]);

    /// <summary>γ / √(σ² + ε).</summary>
    private void Scale(ReadOnlySpan<float> gain, ReadOnlySpan<float> variance, Span<float> scale)
    {
        for (int c = 0; c < scale.Length; c++) scale[c] = gain[c] * BatchStatistics.InverseDeviation(variance[c], _epsilon);
    }

    private (int Start, int Rows) Elements(SliceRows rows, int slice, out int count)
    {
        int first = rows.RowStarts[slice], ofSlice = rows.RowStarts[slice + 1] - first;
        count = ofSlice * _channels * _positions;
        return (first * _channels * _positions, ofSlice);
    }

    private Span<float> MeanOf(Span<float> state, int slice) => state.Slice(2 * slice * _channels, _channels);

    private Span<float> VarianceOf(Span<float> state, int slice) => state.Slice((2 * slice + 1) * _channels, _channels);

    private static ParameterDescription[] Describe(int channels, float momentum)
    {
        var shape = new TensorShape(channels);
        return
        [
            new("weight", shape, ParameterKind.Scale, 1, 1),
            new("bias", shape, ParameterKind.Bias, 1, 1),
            new("runningMean", shape, ParameterKind.RunningStatistic, 1, 1) { Momentum = momentum },
            new("runningVariance", shape, ParameterKind.RunningStatistic, 1, 1) { Momentum = momentum },
        ];
    }
}
