using DistBp.Learning.Kernels;
using DistBp.Learning.Layers;

namespace DistBp.Learning.Diagnosis;

/// <summary>A layer's outputs on a sampled step.</summary>
/// <param name="Layer">Its name.</param>
/// <param name="Index">Its place in the network.</param>
/// <param name="Function">The activation that makes these outputs; <see cref="Activation.Identity"/> where there is none.</param>
public sealed record LayerFigures(string Layer, int Index, Activation Function, ActivationFigures Outputs);

/// <summary>What was measured on one step: the gradients and updates of all trained parameters, the outputs of all layers.</summary>
/// <param name="Step">Counted from 1.</param>
/// <param name="Parameters">In the order of the layers.</param>
public sealed record StatisticsSample(long Step, int Epoch, IReadOnlyList<ParameterFigures> Parameters, IReadOnlyList<LayerFigures> Layers)
{
    /// <param name="activations">The step's sums behind its metric sums: [network.Activations.Count].</param>
    public static StatisticsSample Of(
        Network network, long step, int epoch, IReadOnlyList<ParameterFigures> parameters, ReadOnlySpan<double> activations)
    {
        var layers = new LayerFigures[network.Activations.Layers.Count];
        for (int i = 0; i < layers.Length; i++)
        {
            int index = network.Activations.Layers[i];
            Layer layer = network.Layers[index];
            layers[i] = new LayerFigures(layer.Name, index, FunctionOf(layer), network.Activations.Of(i, activations));
        }
        return new StatisticsSample(step, epoch, parameters, layers);
    }

    private static Activation FunctionOf(Layer layer) => layer switch
    {
        ActivatedLayer activated => activated.Activation,
        ActivationLayer activation => activation.Activation,
        _ => Activation.Identity,
    };
}
