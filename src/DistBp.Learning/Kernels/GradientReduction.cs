using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>The way of a gradient from the slices' sums to the optimizer, in as few passes over memory as it allows.</summary>
public static unsafe class GradientReduction
{
    private const int Lanes = 16;

    /// <summary>destination = a + b, elementwise: one addition of the <see cref="ReductionTree"/>; destination may be a or b.</summary>
    public static void Add(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(b.Length, a.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, a.Length);
        fixed (float* pa = a, pb = b, pd = destination)
        {
            var kernel = new Elementwise<Addition>(new Addition(pa, pb, pd), a.Length);
            Widest.Run(ref kernel);
        }
    }

    /// <summary>destination [n] = the slices' values perSlice [slices, n] added along the <see cref="ReductionTree"/>.</summary>
    /// <param name="perSlice">Overwritten.</param>
    public static void AddSlices(Span<float> perSlice, int slices, Span<float> destination)
    {
        AddAlongTree(new Subtree(0, slices), perSlice, destination.Length);
        perSlice[..destination.Length].CopyTo(destination);
    }

    /// <summary>
    /// mean = (left + right) · (1 / divisor): the tree's last addition and the division by the sample count (by its reciprocal, rounded
    /// once). Returns Σ mean² in the order of <see cref="Reductions.SquaredNorm"/>; NaN or ∞ there tells of one in the gradient.
    /// </summary>
    /// <param name="right">Empty: left alone. mean may be left or right.</param>
    public static double MeanAndNorm(ReadOnlySpan<float> left, ReadOnlySpan<float> right, float divisor, Span<float> mean)
        => MeanAndNorm(left, right, divisor, mean, [], GradientTreatment.None);

    /// <summary>
    /// As above, and between the mean and the norm: + l2 · w + l1 · sign(w), then clamped to [−limit, limit]. NaN and ±∞ are not
    /// clamped: the norm must tell of them.
    /// </summary>
    /// <param name="weights">The parameters w, read where l1 or l2 is not 0; otherwise may be empty.</param>
    public static double MeanAndNorm(
        ReadOnlySpan<float> left, ReadOnlySpan<float> right, float divisor, Span<float> mean, ReadOnlySpan<float> weights,
        GradientTreatment treatment)
    {
        int length = left.Length;
        bool both = right.Length > 0, penalized = treatment.L1 != 0 || treatment.L2 != 0;
        if (both) ArgumentOutOfRangeException.ThrowIfLessThan(right.Length, length);
        if (penalized) ArgumentOutOfRangeException.ThrowIfLessThan(weights.Length, length);
        ArgumentOutOfRangeException.ThrowIfLessThan(mean.Length, length);
        float factor = 1 / divisor;
        bool plain = !penalized && treatment.Limit == float.PositiveInfinity;
        int whole = length / Lanes * Lanes;
        DoubleLanes lanes = plain && both ? SumRun(left[..whole], right, factor, mean)
            : plain ? ScaleRun(left[..whole], factor, mean)
            : TreatRun(left[..whole], right, factor, mean, penalized ? weights : left, treatment);
        if (whole < length)
        {
            Vector512<float> g = DoubleLanes.Tail(left[whole..], 0);
            if (both) g += DoubleLanes.Tail(right[whole..length], 0);
            g *= Vector512.Create(factor);
            if (!plain) g = Treated(g, penalized ? DoubleLanes.Tail(weights[whole..length], 0) : default, treatment);
            for (int rest = whole; rest < length; rest++) mean[rest] = g[rest - whole];
            lanes.AddSquares(g);
        }
        return lanes.Total();
    }

    // Each node's sum ends up at its first slice.
    private static void AddAlongTree(Subtree node, Span<float> perSlice, int n)
    {
        if (node.Count < 2) return;
        AddAlongTree(node.Left, perSlice, n);
        AddAlongTree(node.Right, perSlice, n);
        Span<float> left = perSlice.Slice(node.First * n, n);
        Add(left, perSlice.Slice(node.Right.First * n, n), left);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static DoubleLanes SumRun(ReadOnlySpan<float> left, ReadOnlySpan<float> right, float factor, Span<float> mean)
    {
        ref float l = ref MemoryMarshal.GetReference(left), r = ref MemoryMarshal.GetReference(right), m = ref MemoryMarshal.GetReference(mean);
        var lanes = default(DoubleLanes);
        for (nuint i = 0; i < (nuint)left.Length; i += Lanes)
        {
            Vector512<float> g = (Vector512.LoadUnsafe(ref l, i) + Vector512.LoadUnsafe(ref r, i)) * Vector512.Create(factor);
            g.StoreUnsafe(ref m, i);
            lanes.AddSquares(g);
        }
        return lanes;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static DoubleLanes ScaleRun(ReadOnlySpan<float> left, float factor, Span<float> mean)
    {
        ref float l = ref MemoryMarshal.GetReference(left), m = ref MemoryMarshal.GetReference(mean);
        var lanes = default(DoubleLanes);
        for (nuint i = 0; i < (nuint)left.Length; i += Lanes)
        {
            Vector512<float> g = Vector512.LoadUnsafe(ref l, i) * Vector512.Create(factor);
            g.StoreUnsafe(ref m, i);
            lanes.AddSquares(g);
        }
        return lanes;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static DoubleLanes TreatRun(
        ReadOnlySpan<float> left, ReadOnlySpan<float> right, float factor, Span<float> mean, ReadOnlySpan<float> weights,
        GradientTreatment treatment)
    {
        ref float l = ref MemoryMarshal.GetReference(left), r = ref MemoryMarshal.GetReference(right);
        ref float w = ref MemoryMarshal.GetReference(weights), m = ref MemoryMarshal.GetReference(mean);
        var lanes = default(DoubleLanes);
        for (nuint i = 0; i < (nuint)left.Length; i += Lanes)
        {
            Vector512<float> g = Vector512.LoadUnsafe(ref l, i);
            if (right.Length > 0) g += Vector512.LoadUnsafe(ref r, i);
            g = Treated(g * Vector512.Create(factor), Vector512.LoadUnsafe(ref w, i), treatment);
            g.StoreUnsafe(ref m, i);
            lanes.AddSquares(g);
        }
        return lanes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Treated(Vector512<float> g, Vector512<float> w, GradientTreatment treatment)
    {
        Vector512<float> zero = Vector512<float>.Zero, limit = Vector512.Create(treatment.Limit);
        if (treatment.L2 != 0) g = Vector512.FusedMultiplyAdd(Vector512.Create(treatment.L2), w, g);
        if (treatment.L1 != 0)
        {
            var up = Vector512.ConditionalSelect(Vector512.GreaterThan(w, zero), Vector512.Create(treatment.L1), zero);
            g += Vector512.ConditionalSelect(Vector512.LessThan(w, zero), Vector512.Create(-treatment.L1), up);
        }
        var clamped = Vector512.ConditionalSelect(Vector512.GreaterThan(g, limit), limit, g);
        clamped = Vector512.ConditionalSelect(Vector512.LessThan(g, -limit), -limit, clamped);
        return Vector512.ConditionalSelect(Vector512.GreaterThan(Vector512.Abs(g), Vector512.Create(float.MaxValue)), g, clamped);
    }

    private readonly struct Addition(float* a, float* b, float* destination) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
            => TSimd.Store(TSimd.Add(TSimd.Load(a + i), TSimd.Load(b + i)), destination + i);
    }
}

/// <summary>What is done to the mean gradient of a run of parameters before its norm is taken.</summary>
/// <param name="L2">Adds L2 · w.</param>
/// <param name="L1">Adds L1 · sign(w), sign(0) = 0.</param>
/// <param name="Limit">Elements are clamped to [−Limit, Limit], but not ±∞; ∞: not at all.</param>
public readonly record struct GradientTreatment(float L2, float L1, float Limit)
{
    public static GradientTreatment None => new(0, 0, float.PositiveInfinity);
}
