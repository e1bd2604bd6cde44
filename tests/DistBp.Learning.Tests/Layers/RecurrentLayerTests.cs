using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Recurrent;
using DistBp.Learning.Kernels.Reference;
using DistBp.Learning.Layers;
using DistBp.Learning.Tests.Kernels;

namespace DistBp.Learning.Tests.Layers;

/// <summary>The layer against the scalar reference, bit for bit, at every vector width.</summary>
[Collection("Vector widths")]
public sealed class RecurrentLayerTests
{
    private sealed record Case(RecurrentCell Cell, int Units, int Features, int Steps, bool Sequences, bool Bidirectional, int Truncation, int[] Slices, bool Lengths);

    public static TheoryData<RecurrentCell> Cells => [.. Enum.GetValues<RecurrentCell>()];

    [Theory]
    [MemberData(nameof(Cells))]
    public void Forward_and_backward_give_the_bits_of_the_reference(RecurrentCell cell)
    {
        Case[] cases =
        [
            new(cell, 1, 1, 1, false, false, 0, [1], false),
            new(cell, 3, 2, 4, true, true, 0, [2, 3], true),
            new(cell, 8, 5, 3, false, true, 0, [4, 0, 1], true),
            new(cell, 17, 16, 5, true, false, 2, [3, 3, 3], false),
            new(cell, 24, 28, 6, false, false, 0, [7, 8, 9], true),
            new(cell, 33, 7, 7, false, true, 3, [2], true),
            new(cell, 20, 3, 2, true, true, 1, [33, 40], false),
            new(cell, 9, 4, 300, false, false, 50, [1, 1], true),
            new(cell, 270, 2, 2, true, false, 0, [5], false),
            new(cell, 5, 300, 3, false, true, 0, [9, 1, 1, 1], false),
            // More steps than the weights' gradients take at a time, and input and state together longer than a panel.
            new(cell, 10, 7, 300, false, false, 0, [2, 1], true),
            new(cell, 230, 300, 2, true, false, 0, [3], false),
        ];
        foreach (Case one in cases)
        {
            foreach (int width in KernelTesting.Widths)
            {
                using var limit = new VectorLimit(width);
                Check(one, $"{one}, {width} bits");
            }
        }
    }

    private static void Check(Case c, string what)
    {
        int rows = c.Slices.Sum(), directions = c.Bidirectional ? 2 : 1, outputs = directions * c.Units;
        var inputShape = new TensorShape(c.Steps, c.Features);
        var description = new RecurrentDescription(null, c.Cell, c.Units, c.Sequences, c.Bidirectional, c.Truncation);
        Layer layer = description.Make(new LayerSite("r", inputShape, Activation.Identity, [], new NetworkProblems()))!;
        var layout = new ParameterLayout([("r", layer.Parameters, false)]);
        float scale = 1 / MathF.Sqrt(c.Units);
        float[] parameters = [.. KernelTesting.Random(layout.Count, 1).Select(p => p * scale)];
        float[] x = KernelTesting.Random(rows * inputShape.ElementCount, 2);
        float[] dy = KernelTesting.Random(rows * layer.OutputShape.ElementCount, 3);
        var random = new Random(4);
        int[] lengths = [.. Enumerable.Range(0, rows).Select(_ => c.Lengths ? random.Next(c.Steps + 1) : c.Steps)];
        SliceRows slices = TestData.Slices(0, c.Slices);
        float[] y = KernelTesting.Poisoned(dy.Length), dx = KernelTesting.Poisoned(x.Length), gradient = KernelTesting.Poisoned(layout.Count);
        float[] state = KernelTesting.Poisoned(layer.StateLength(rows, c.Slices.Length));
        var pass = new LayerPass
        {
            Rows = slices,
            Lengths = c.Lengths ? lengths : [],
            Training = true,
            Step = default,
            Layer = 0,
            State = state,
            InputState = [],
            PartnerInput = [],
            PartnerState = [],
            Workspace = new MatrixWorkspace(),
            Layout = layout,
            Parameters = parameters,
            Gradient = gradient,
            SparseGradients = [],
        };

        layer.Forward(pass, x, y);
        layer.Backward(pass, x, y, (float[])dy.Clone(), dx);

        float[] expectedY = new float[y.Length], expectedDx = new float[dx.Length];
        for (int d = 0; d < directions; d++)
        {
            var shape = new RecurrentShape(c.Cell, c.Units, c.Features, c.Steps, Reverse: d == 1, c.Truncation);
            float[][] own = [.. Enumerable.Range(0, 4).Select(p => layout.View(0, 4 * d + p)).Select(v => parameters[v.Offset..v.End])];
            var reference = new RecurrentReference(shape, own[0], own[1], own[2], own[3]);
            (float[] sequences, float[] last) = reference.Forward(x, lengths);
            float[] states = c.Sequences ? sequences : last, dStates = new float[states.Length];
            for (int i = 0; i < states.Length; i++)
            {
                int at = i / c.Units * outputs + d * c.Units + i % c.Units;
                (expectedY[at], dStates[i]) = (states[i], dy[at]);
            }
            float[] dg = c.Sequences ? reference.Backward(dStates, new float[rows * c.Units]) : reference.Backward([], dStates);
            reference.InputGradient(dg, expectedDx);
            float[][] sums = AlongTree(new Subtree(0, c.Slices.Length));
            for (int p = 0; p < 4; p++)
            {
                ParameterView view = layout.View(0, 4 * d + p);
                KernelTesting.SameBits(sums[p], gradient.AsSpan(view.Offset, view.Count), $"{what}: {view.Name}");
            }

            float[][] AlongTree(Subtree node)
            {
                if (node.Count == 1) return reference.ParameterGradients(dg, slices.RowStarts[node.First], slices.RowStarts[node.End]);
                float[][] left = AlongTree(node.Left), right = AlongTree(node.Right);
                return [.. left.Zip(right, (a, b) => a.Zip(b, (l, r) => l + r).ToArray())];
            }
        }
        KernelTesting.SameBits(expectedY, y, $"{what}: y");
        KernelTesting.SameBits(expectedDx, dx, $"{what}: dx");
    }
}
