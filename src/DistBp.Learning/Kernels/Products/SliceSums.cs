using System.Numerics;

namespace DistBp.Learning.Kernels.Products;

/// <summary>
/// The slices of k (one where a product has none), whose sums are added along the <see cref="ReductionTree"/> as a binary counter counts:
/// before slice s as many finished left siblings wait on a stack as s has bits set, and the last slice takes them all.
/// </summary>
/// <param name="starts">count + 1 bounds, from 0.</param>
/// <param name="stack">Room for the tiles that wait; not used for one slice.</param>
internal readonly unsafe struct SliceSums(int* starts, int count, float* stack)
{
    public readonly float* Stack = stack;
    public readonly int Count = count;

    /// <summary>For the counting of the tree whose leaves are pairs of neighbouring slices, the last one perhaps a single slice.</summary>
    public SliceSums Pairs => new(starts, (Count + 1) / 2, Stack);

    /// <summary>Of all slices.</summary>
    public int Steps => starts[Count];

    public int Start(int slice) => starts[slice];

    public int Length(int slice) => starts[slice + 1] - starts[slice];

    /// <summary>Tiles on the stack when this slice's sum is taken.</summary>
    public static int Waiting(int slice) => BitOperations.PopCount((uint)slice);

    /// <summary>How many of them are then added, from the top down.</summary>
    public int Merges(int slice) => slice == Count - 1 ? Waiting(slice) : BitOperations.TrailingZeroCount(slice + 1);
}
