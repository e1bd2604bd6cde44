using System.Runtime.InteropServices;
using DistBp.Learning.Initialization;
using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>
/// Inverted dropout: y = x ⊙ m / (1 − p), dx = dy ⊙ m / (1 − p), m of 0 and 1; in evaluation y = x. m comes from the counter-based
/// generator keyed by (seed, step, slice, layer, element of the slice), so it is the same whoever computes the slice; between forward and
/// backward it is kept as one bit an element.
/// </summary>
public sealed class DropoutLayer : Layer
{
    private readonly ushort _threshold;
    private readonly float _scale;

    internal DropoutLayer(string name, TensorShape shape, double probability)
        : base(name, shape, shape, [])
    {
        _threshold = (ushort)Math.Min(Math.Round(probability * DropoutMask.Resolution), DropoutMask.Resolution - 1);
        // Of the probability as it is, so that the mean of y is x.
        _scale = (float)(DropoutMask.Resolution / (double)(DropoutMask.Resolution - _threshold));
    }

    // A slice begins at a word of its own.
    public override int StateLength(int maxRows, int maxSlices)
        => checked((int)((long)maxRows * InputShape.ElementCount / 32 + maxSlices));

    public override void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y)
    {
        if (!pass.Training || _threshold == 0)
        {
            x.CopyTo(y);
            return;
        }
        ulong key = Philox.Key(pass.Step.Seed, RandomPurpose.Dropout);
        Span<uint> words = MemoryMarshal.Cast<float, uint>(pass.State);
        for (int slice = 0; slice < pass.Rows.SliceCount; slice++)
        {
            (int start, int count) = Elements(pass.Rows, slice);
            Span<uint> mask = words[..DropoutMask.WordCount(count)];
            words = words[mask.Length..];
            // Low half: the elements' words under the layer; high half: the step under the slice.
            ulong high = (ulong)pass.Step.Step | ((ulong)(pass.Rows.FirstSlice + slice) << 48);
            DropoutMask.Fill(mask, _threshold, key, (ulong)pass.Layer << 32, high);
            DropoutMask.Apply(x.Slice(start, count), mask, _scale, y.Slice(start, count));
        }
    }

    public override void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx)
    {
        if (dx.IsEmpty) return;
        if (_threshold == 0)
        {
            dy.CopyTo(dx);
            return;
        }
        Span<uint> words = MemoryMarshal.Cast<float, uint>(pass.State);
        for (int slice = 0; slice < pass.Rows.SliceCount; slice++)
        {
            (int start, int count) = Elements(pass.Rows, slice);
            DropoutMask.Apply(dy.Slice(start, count), words, _scale, dx.Slice(start, count));
            words = words[DropoutMask.WordCount(count)..];
        }
    }

    private (int Start, int Count) Elements(SliceRows rows, int slice)
    {
        int elements = InputShape.ElementCount, start = rows.RowStarts[slice] * elements;
        return (start, rows.RowStarts[slice + 1] * elements - start);
    }
}
