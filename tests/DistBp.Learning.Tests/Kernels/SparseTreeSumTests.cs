using DistBp.Learning.Kernels;

namespace DistBp.Learning.Tests.Kernels;

public sealed class SparseTreeSumTests
{
    private const int Width = 3;

    [Fact]
    public void Any_leaves_are_added_along_the_tree_and_what_is_on_one_side_only_stays_as_it_is()
    {
        var random = new Random(4);
        for (int leaves = 1; leaves <= 40; leaves++)
        for (int attempt = 0; attempt < 30; attempt++)
        {
            // Vectors of one leaf follow each other; −0 shows whether anything was added to what stands alone.
            (int Leaf, float[] Values)[] vectors =
            [
                .. Enumerable.Range(0, 1 + random.Next(2 * leaves)).Select(_ => random.Next(leaves)).Order()
                    .Select(leaf => (leaf, (float[])[TestData.Normal(random), TestData.Normal(random), -0f])),
            ];
            var sum = new SparseTreeSum(Width, new float[Width * SparseTreeSum.ScratchRows(leaves)], new int[SparseTreeSum.ScratchRows(leaves)]);
            sum.Begin();
            foreach ((int leaf, float[] values) in vectors) sum.Add(leaf, values);
            KernelTesting.SameBits(Reference(new Subtree(0, leaves))!, sum.Total(Width), $"{leaves} leaves");

            float[]? Reference(Subtree node)
            {
                if (node.Count == 1)
                {
                    float[][] ofLeaf = [.. vectors.Where(v => v.Leaf == node.First).Select(v => v.Values)];
                    return ofLeaf.Length == 0 ? null : ofLeaf.Aggregate(Plus);
                }
                float[]? left = Reference(node.Left), right = Reference(node.Right);
                return left is null ? right : right is null ? left : Plus(left, right);
            }
        }
    }

    private static float[] Plus(float[] a, float[] b) => [.. a.Zip(b, (x, y) => x + y)];
}
