using DistBp.Learning.Kernels;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;

namespace DistBp.Learning;

/// <summary>
/// From descriptions to layers: names, shapes, fusion of activations into the layers before them, and everything that a user can get wrong,
/// reported at once.
/// </summary>
/// <param name="model">Flat: see <see cref="ModelDescription.Flat"/>.</param>
internal sealed class NetworkBuilder(
    ModelDescription model, TensorShape sampleShape, TargetDescription target, LossDescription loss, bool fuse = true)
{
    private readonly NetworkProblems _problems = new();
    private readonly List<Layer> _layers = [];
    private readonly List<WeightInitialization> _initializations = [];
    private readonly List<bool> _frozen = [];

    public Network Build()
    {
        string[] names = new LayerNames(model, _problems).All;
        AddLayers(names);
        NetworkChecks.Check(model, names, sampleShape, target, loss, _layers, _problems);
        CheckCounts();
        _problems.ThrowIfAny();
        var parameters = new ParameterLayout([.. _layers.Select((layer, i) => (layer.Name, layer.Parameters, _frozen[i]))]);
        return new Network(_layers, [.. _initializations], parameters, sampleShape, target, Loss.Create(loss, target.ClassSteps));
    }

    private void AddLayers(string[] names)
    {
        TensorShape shape = sampleShape;
        for (int i = 0; i < names.Length; i++)
        {
            Activation next = i + 1 < names.Length ? ActivationOf(model.Layers[i + 1]) : Activation.Identity;
            bool fused = fuse && model.Layers[i].FusesActivation && next != Activation.Identity;
            if (Make(model.Layers[i], names[i], shape, fused ? next : Activation.Identity) is not { } layer) return;
            _layers.Add(layer);
            _initializations.Add(InitializationAt(i));
            _frozen.Add(ResidualNesting.NamesOf(_layers, _layers.Count - 1).Any(name => model.Frozen.Contains(name, StringComparer.Ordinal)));
            shape = layer.OutputShape;
            if (fused) i++;
        }
    }

    // Null: the layer cannot be made, and nothing can be said of those after it.
    private Layer? Make(LayerDescription description, string name, TensorShape shape, Activation activation)
    {
        var site = new LayerSite(name, shape, activation, _layers, _problems);
        return shape.ElementCount > 0
            ? description.Make(site)
            : site.Refuse($"gets the shape {shape}, which has no elements", "check data.shape and the layer before");
    }

    private WeightInitialization InitializationAt(int index)
    {
        if (model.Initialization != WeightInitialization.ByActivation) return model.Initialization;
        if (model.Layers[index].OwnActivation is { } own)
            return own == Activation.Relu ? WeightInitialization.HeNormal : WeightInitialization.XavierUniform;
        for (int i = index + 1; i < model.Layers.Count && !model.Layers[i].HasWeights; i++)
        {
            if (ActivationOf(model.Layers[i]) is Activation.Relu or Activation.LeakyRelu or Activation.Gelu) return WeightInitialization.HeNormal;
            if (model.Layers[i] is ActivationDescription) break;
        }
        return WeightInitialization.XavierUniform;
    }

    private void CheckCounts()
    {
        long count = _layers.Sum(layer => layer.Parameters.Sum(p => (long)p.Shape.ElementCount));
        if (count > int.MaxValue - ParameterLayout.BlockLength)
            _problems.Add($"the network has {count} parameters", "model.layers", $"stay below {int.MaxValue}");
        bool anyTrained = _layers.Where((layer, i) => !_frozen[i]).Any(layer => layer.Parameters.Count > 0);
        if (!anyTrained && !_problems.Any)
            _problems.Add("no layer has parameters to train", "model.layers", "add a layer with weights, or take one out of 'freeze'");
    }

    private static Activation ActivationOf(LayerDescription description)
        => (description as ActivationDescription)?.Activation ?? Activation.Identity;
}
