using DistBp.Learning.Kernels.Encodings;

namespace DistBp.Learning.Encodings;

/// <summary>
/// The code of what is trained and dense in a gradient, block after block: that of a shard is one run of bytes, which is sent as it is.
/// </summary>
public sealed class EncodedGradient
{
    private readonly byte[] _code;

    /// <param name="count">Trained dense parameters.</param>
    public EncodedGradient(GradientEncoding encoding, int count)
    {
        (Encoding, Count) = (encoding, count);
        _code = GC.AllocateArray<byte>(encoding.ByteCount(count), pinned: true);
    }

    public GradientEncoding Encoding { get; }

    /// <summary>In parameters.</summary>
    public int Count { get; }

    /// <summary>The code of the range [offset, end), by reference.</summary>
    /// <param name="offset">A multiple of a block.</param>
    /// <param name="end">Likewise, or <see cref="Count"/>.</param>
    public ReadOnlyMemory<byte> Cut(int offset, int end) => _code.AsMemory(Encoding.ByteCount(offset)..Encoding.ByteCount(end));

    /// <param name="gradient">[Count]</param>
    /// <param name="feedback">Settled for the step; null where the encoding keeps no residual.</param>
    /// <param name="samples">In the step's mini-batch.</param>
    public void Encode(ReadOnlySpan<float> gradient, ErrorFeedback? feedback, long step, int samples)
    {
        if (gradient.Length != Count) throw new ArgumentException($"Got {gradient.Length}, expected {Count}.", nameof(gradient));
        if (feedback is not null)
        {
            feedback.Encode(Encoding, gradient, step, samples, _code);
            return;
        }
        for (int offset = 0, at = 0; offset < Count; offset += ParameterLayout.BlockLength)
        {
            int count = Math.Min(ParameterLayout.BlockLength, Count - offset), bytes = Encoding.BlockBytes(count);
            BlockCode.Encode(Encoding, gradient.Slice(offset, count), default, 0, _code.AsSpan(at, bytes), default);
            at += bytes;
        }
    }
}
