using DistBp.Learning.Kernels;

namespace DistBp.Learning.Losses;

/// <summary>
/// A class for each step of a sequence: L = mean over the steps that count of −log softmax(z[t])[label[t]];
/// ∂L/∂z[t] = (softmax(z[t]) − onehot(label[t])) / steps, and 0 for padding. Predicts the probabilities softmax(z[t]).
/// </summary>
public sealed class SequenceCrossEntropyLoss : Loss
{
    /// <summary>Steps whose losses are on the stack at once.</summary>
    private const int Chunk = 256;

    private readonly int _steps;

    /// <param name="steps">Of a whole sequence.</param>
    internal SequenceCrossEntropyLoss(int steps)
        : base(LossKind.SoftmaxCrossEntropy) => _steps = steps;

    public override void Compute(
        ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, Span<float> dOutputs, Span<float> losses, int columns)
        => Compute(outputs, targets, dOutputs, losses, columns, []);

    /// <param name="outputs">[rows, steps, classes].</param>
    /// <param name="targets">[rows, steps].</param>
    /// <param name="columns">steps · classes.</param>
    public override void Compute(
        ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, Span<float> dOutputs, Span<float> losses, int columns,
        ReadOnlySpan<int> lengths)
    {
        int classes = columns / _steps;
        for (int r = 0; r < losses.Length; r++)
        {
            int count = lengths.IsEmpty ? _steps : lengths[r];
            ReadOnlySpan<float> z = outputs.Slice(r * columns, count * classes), labels = targets.Slice(r * _steps, count);
            Span<float> dz = dOutputs.Slice(r * columns, columns);
            losses[r] = (float)(Sum(z, labels, dz, classes) / count);
            float share = 1f / count;
            for (int i = 0; i < z.Length; i++) dz[i] *= share;
            dz[z.Length..].Clear();
        }
    }

    public override void Predict(Span<float> outputs, int columns)
        => Softmax.Rows(outputs, outputs, outputs.Length / columns * _steps, columns / _steps);

    /// <summary>Of the steps' losses, in their order.</summary>
    private static double Sum(ReadOnlySpan<float> z, ReadOnlySpan<float> labels, Span<float> dz, int classes)
    {
        Span<float> losses = stackalloc float[Chunk];
        double sum = 0;
        for (int first = 0; first < labels.Length; first += Chunk)
        {
            int count = Math.Min(Chunk, labels.Length - first), start = first * classes, length = count * classes;
            Softmax.CrossEntropy(
                z.Slice(start, length), labels.Slice(first, count), dz.Slice(start, length), losses[..count], count, classes);
            foreach (float loss in losses[..count]) sum += loss;
        }
        return sum;
    }
}
