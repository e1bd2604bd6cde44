using DistBp.Learning.Data.Augmentation;
using DistBp.Learning.Optimizers;

namespace DistBp.Learning.Tests.Layers;

[Collection(AloneCollection.Name)]
public sealed class RegularizingAllocationTests
{
    [Fact]
    public void A_thousand_warm_steps_with_augmented_samples_allocate_nothing()
    {
        Network network = RegularizingNetwork.Build();
        var training = new SingleThreadTraining(network, new AdamDescription(), new ClipDescription(GlobalNorm: 1), maxRows: 16, maxSlices: 4);
        network.InitializeParameters(1, training.Parameters);
        TestData.Fill(training.Workspace, network, 16, new Random(1));
        var augmenter = new Augmenter(
            [new ShiftStep(1), new FlipStep(FlipDirection.Both), new CropStep(1, PictureFill.Reflect), new NoiseStep(0.1)], network.InputShape, 1);
        int[] samples = [.. Enumerable.Range(0, 16)];
        SliceRows rows = TestData.Slices(0, 4, 4, 4, 4);
        for (int step = 0; step < 50; step++) Step(step);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 50; step < 1050; step++) Step(step);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Step(int step)
        {
            augmenter.Apply(training.Workspace.Inputs, samples, step);
            training.Step(rows, new StepIdentity(1, step));
        }
    }
}
