using DistBp.Learning.Kernels.Recurrent;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using DistBp.Learning.Optimizers;

namespace DistBp.Learning.Tests;

[Collection(AloneCollection.Name)]
public sealed class NetworkAllocationTests
{
    [Theory]
    [InlineData(LossKind.SoftmaxCrossEntropy)]
    [InlineData(LossKind.BinaryCrossEntropy)]
    [InlineData(LossKind.MeanSquaredError)]
    [InlineData(LossKind.Huber)]
    public void A_thousand_warm_steps_allocate_nothing(LossKind loss)
    {
        Network network = Network.Build(
            new ModelDescription(
                WeightInitialization.ByActivation,
                [
                    new DenseDescription(null, 16), new ActivationDescription(null, ActivationKind.Gelu), new SoftmaxDescription(null),
                    new DenseDescription(null, 8), new ActivationDescription(null, ActivationKind.Tanh), new DenseDescription(null, 3),
                ],
                []),
            new TensorShape(12), TestData.Target(loss, 3), new LossDescription(loss));
        var training = new SingleThreadTraining(
            network, new AdamDescription(), new ClipDescription(GlobalNorm: 1, ParameterNorm: 1), maxRows: 16, maxSlices: 4);
        network.InitializeParameters(1, training.Parameters);
        TestData.Fill(training.Workspace, network, 16, new Random(1));
        AssertNoAllocation(training);
    }

    [Fact]
    public void A_thousand_warm_steps_of_recurrent_layers_allocate_nothing()
    {
        Network network = Network.Build(
            new ModelDescription(
                WeightInitialization.ByActivation,
                [
                    new RecurrentDescription(null, RecurrentCell.Lstm, 6, ReturnSequences: true, Bidirectional: true),
                    new DenseDescription(null, 5, TimeDistributed: true), new ActivationDescription(null, ActivationKind.Relu),
                    new RecurrentDescription(null, RecurrentCell.Gru, 6, ReturnSequences: true),
                    new RecurrentDescription(null, RecurrentCell.Tanh, 6), new DenseDescription(null, 3),
                ],
                []),
            new TensorShape(4, 3), TestData.Target(LossKind.SoftmaxCrossEntropy, 3), new LossDescription(LossKind.SoftmaxCrossEntropy));
        var training = new SingleThreadTraining(network, new AdamDescription(), new ClipDescription(GlobalNorm: 1), maxRows: 16, maxSlices: 4);
        network.InitializeParameters(1, training.Parameters);
        TestData.Fill(training.Workspace, network, 16, new Random(1));
        training.Workspace.HasLengths = true;
        for (int row = 0; row < 16; row++) training.Workspace.Lengths[row] = row % 5;
        AssertNoAllocation(training);
    }

    private static void AssertNoAllocation(SingleThreadTraining training)
    {
        SliceRows rows = TestData.Slices(0, 4, 4, 4, 4);
        for (int step = 0; step < 50; step++) training.Step(rows, new StepIdentity(1, step));

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 50; step < 1050; step++) training.Step(rows, new StepIdentity(1, step));
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
    }
}
