using DistBp.Learning.Kernels.Encodings;

namespace DistBp.Learning.Encodings;

/// <summary>
/// What an encoding has left out of the gradients of one subtree of slices so far, and is sent later (F. Seide and others, "1-bit stochastic
/// gradient descent", 2014). It belongs to a version of the parameters: a step reads that of its version and writes the next one's beside it,
/// so that a step that is computed again, or that no server applies, starts from the same residual.
/// </summary>
public sealed class ErrorFeedback
{
    private const long Nothing = -1;

    // A new assignment settles it while a step of the old one, which counts no more, may still begin or end.
    private readonly Lock _settling = new();
    private TensorBuffer _kept;
    private TensorBuffer _left;
    private int _samples;
    private int _stepSamples;
    private long _step = Nothing;

    /// <param name="count">Trained dense parameters.</param>
    public ErrorFeedback(int count) => (_kept, _left) = (new TensorBuffer(count), new TensorBuffer(count));

    /// <summary>[count], of the version that was settled last.</summary>
    public ReadOnlyMemory<float> Residual => _kept.Memory;

    /// <summary>In the mini-batch of the step that left it; 0: of none. A residual counts like a sum over so many samples.</summary>
    public int Samples => _samples;

    /// <summary>Adds what was left of another subtree, or of this one in an earlier run; the first is taken bit for bit.</summary>
    public void Add(ReadOnlySpan<float> residual, int samples)
    {
        if (residual.Length != _kept.Length) throw new ArgumentException($"Got {residual.Length}, expected {_kept.Length}.", nameof(residual));
        if (samples == 0) return;
        if (_samples == 0)
        {
            residual.CopyTo(_kept.Span);
            _samples = samples;
            return;
        }
        float factor = (float)_samples / samples;
        Span<float> kept = _kept.Span;
        for (int i = 0; i < kept.Length; i++) kept[i] += residual[i] * factor;
    }

    /// <summary>Whether the last step counts is known now.</summary>
    /// <param name="version">Of the parameters. At most the last step's: it is to be computed again.</param>
    /// <param name="skipped">The version was committed without an update: no server has what the step sent.</param>
    public void Settle(long version, bool skipped)
    {
        lock (_settling)
        {
            if (_step != Nothing && _step < version && !skipped)
            {
                (_kept, _left) = (_left, _kept);
                _samples = _stepSamples;
            }
            _step = Nothing;
        }
    }

    /// <summary>The step's gradient plus the residual, encoded; what that leaves is the next version's residual.</summary>
    /// <param name="gradient">[count]</param>
    /// <param name="samples">In the step's mini-batch: a residual of a larger one weighs less.</param>
    /// <param name="code">[encoding.ByteCount(count)]</param>
    internal void Encode(GradientEncoding encoding, ReadOnlySpan<float> gradient, long step, int samples, Span<byte> code)
    {
        float factor = _samples == 0 || _samples == samples ? 1 : (float)samples / _samples;
        for (int offset = 0, at = 0; offset < gradient.Length; offset += ParameterLayout.BlockLength)
        {
            int count = Math.Min(ParameterLayout.BlockLength, gradient.Length - offset), bytes = encoding.BlockBytes(count);
            BlockCode.Encode(
                encoding, gradient.Slice(offset, count), _kept.Span.Slice(offset, count), factor, code.Slice(at, bytes), _left.Span.Slice(offset, count));
            at += bytes;
        }
        lock (_settling) (_step, _stepSamples) = (step, samples);
    }
}

/// <summary>What error feedback has left over of a subtree of slices, as checkpoints keep it and workers hand it on.</summary>
/// <param name="Values">[trained dense parameters]</param>
/// <param name="Samples">In the mini-batch of the step that left it.</param>
public sealed record SubtreeResidual(Subtree Subtree, ReadOnlyMemory<float> Values, int Samples);
