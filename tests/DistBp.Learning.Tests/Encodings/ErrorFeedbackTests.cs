using DistBp.Learning.Encodings;
using DistBp.Learning.Tests.Kernels;

namespace DistBp.Learning.Tests.Encodings;

public sealed class ErrorFeedbackTests
{
    private const int Count = 9000, Samples = 100;
    private static readonly GradientEncoding s_topK = new(EncodingKind.TopK, 0.01), s_int8 = new(EncodingKind.Int8);

    public static TheoryData<EncodingKind> Kinds => [EncodingKind.Int8, EncodingKind.TopK];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_has_arrived_and_what_is_left_are_together_what_was_sent(EncodingKind kind)
    {
        GradientEncoding encoding = kind == EncodingKind.Int8 ? s_int8 : s_topK;
        var sender = new Sender(encoding);
        double[] sent = new double[Count], arrived = new double[Count];
        for (long step = 0; step < 50; step++)
        {
            float[] gradient = Gradient(step), decoded = sender.Send(step, gradient, Samples);
            for (int i = 0; i < Count; i++) (sent[i], arrived[i]) = (sent[i] + gradient[i], arrived[i] + decoded[i]);
        }
        sender.Feedback.Settle(50, skipped: false);
        ReadOnlySpan<float> left = sender.Feedback.Residual.Span;
        for (int i = 0; i < Count; i++) Assert.Equal(sent[i], arrived[i] + left[i], 1e-4);
    }

    [Fact]
    public void A_step_that_is_computed_again_sends_the_same_bytes_and_so_does_one_after_a_skipped_step()
    {
        var sender = new Sender(s_topK);
        for (long step = 0; step < 5; step++) sender.Send(step, Gradient(step), Samples);
        float[] first = sender.Send(5, Gradient(5), Samples), again = sender.Send(5, Gradient(5), Samples);
        Assert.Equal(first, again);
        // Version 6 was committed without an update: the residual is still that of version 5.
        Assert.Equal(first, sender.Send(6, Gradient(5), Samples, afterSkip: true));
        Assert.NotEqual(first, sender.Send(7, Gradient(5), Samples));
    }

    [Fact]
    public void A_residual_weighs_as_its_share_of_the_mini_batch()
    {
        var feedback = new ErrorFeedback(Count);
        feedback.Add(Gradient(1), 200);
        var gradient = new EncodedGradient(s_topK, Count);
        gradient.Encode(new float[Count], feedback, 0, 50);
        feedback.Settle(1, skipped: false);
        float[] arrived = Decode(gradient), expected = [.. Gradient(1).Select(x => x * 0.25f)];
        Assert.Equal(expected, arrived.Zip(feedback.Residual.ToArray(), (a, b) => a + b));
        Assert.Equal(50, feedback.Samples);
    }

    [Fact]
    public void Residuals_of_several_subtrees_are_added_and_one_alone_is_taken_bit_for_bit()
    {
        var feedback = new ErrorFeedback(3);
        feedback.Add([-0f, float.Epsilon, 3], 100);
        Assert.Equal([int.MinValue, 1], feedback.Residual.ToArray()[..2].Select(BitConverter.SingleToInt32Bits));
        feedback.Add([1, 2, 3], 50);
        Assert.Equal([2, 4, 9], feedback.Residual.ToArray());
        feedback.Add([7, 7, 7], 0);
        Assert.Equal([2, 4, 9], feedback.Residual.ToArray());
    }

    [Fact]
    public void Steps_allocate_nothing()
    {
        var sender = new Sender(s_topK);
        float[] gradient = Gradient(1);
        for (long step = 0; step < 3; step++) sender.Encode(step, gradient);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (long step = 3; step < 20; step++) sender.Encode(step, gradient);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(EncodingKind.F32, 0, 1)]
    [InlineData(EncodingKind.Bf16, 0, 0.5)]
    [InlineData(EncodingKind.F16, 0, 0.5)]
    [InlineData(EncodingKind.Int8, 0, 0.27)]
    [InlineData(EncodingKind.TopK, 0.01, 0.03)]
    public void Scales_and_positions_included_an_encoding_takes_no_more_than_its_share_of_the_bytes(EncodingKind kind, double fraction, double most)
    {
        foreach (int count in new[] { 4096, 33738, 535_818, 100_000_000 })
            Assert.InRange(new GradientEncoding(kind, fraction).ByteCount(count), 1, most * count * sizeof(float));
    }

    private static float[] Gradient(long step) => KernelTesting.Random(Count, (int)step + 17);

    private static float[] Decode(EncodedGradient gradient)
    {
        var decoded = new float[gradient.Count];
        for (int offset = 0; offset < gradient.Count; offset += 4096)
        {
            int end = Math.Min(offset + 4096, gradient.Count);
            var part = new GradientPart(default, []) { Encoding = gradient.Encoding, EncodedCount = end - offset, Code = gradient.Cut(offset, end) };
            part.Read(0, end - offset, decoded.AsSpan(offset..end));
        }
        return decoded;
    }

    private sealed class Sender(GradientEncoding encoding)
    {
        private readonly EncodedGradient _gradient = new(encoding, Count);

        public ErrorFeedback Feedback { get; } = new(Count);

        public float[] Send(long step, float[] gradient, int samples, bool afterSkip = false)
        {
            Feedback.Settle(step, afterSkip);
            _gradient.Encode(gradient, Feedback, step, samples);
            return Decode(_gradient);
        }

        public void Encode(long step, float[] gradient)
        {
            Feedback.Settle(step, skipped: false);
            _gradient.Encode(gradient, Feedback, step, Samples);
        }
    }
}
