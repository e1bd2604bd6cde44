using DistBp.Learning.Layers;

namespace DistBp.Learning.Optimizers;

/// <summary>Learning rates of single layers, as factors of the step's rate: a pretrained layer is to move less than a new head.</summary>
public static class LayerRates
{
    /// <summary>
    /// [network.Parameters.Views.Count]: each parameter's factor; 1 where none is given. A residual's name stands for the layers in it
    /// that have no factor of their own.
    /// </summary>
    /// <exception cref="UserException">A name is no layer's, or the layer is not trained; all of them at once.</exception>
    public static double[] OfViews(IReadOnlyList<KeyValuePair<string, double>> rates, Network network)
    {
        IReadOnlyList<ParameterView> views = network.Parameters.Views;
        var factors = new double[views.Count];
        var used = new HashSet<string>(StringComparer.Ordinal);
        for (int view = 0; view < factors.Length; view++)
        {
            factors[view] = 1;
            if (!views[view].Trained) continue;
            // The layer's own name comes first, then those around it.
            foreach (string name in ResidualNesting.NamesOf(network.Layers, views[view].Layer).Reverse())
            {
                foreach ((string layer, double factor) in rates)
                {
                    if (layer != name) continue;
                    factors[view] = factor;
                    used.Add(layer);
                }
            }
        }
        Problem[] problems = [.. rates.Where(r => !used.Contains(r.Key)).Select(r => Unused(r.Key, network))];
        return problems.Length == 0 ? factors : throw new UserException(ErrorKind.Usage, problems);
    }

    private static Problem Unused(string name, Network network)
    {
        string[] trained = [.. network.Parameters.Views.Where(v => v.Trained).Select(v => network.Layers[v.Layer].Name).Distinct()];
        bool known = network.Layers.Any(l => l.Name == name);
        return new Problem(
            known ? $"the layer '{name}' has no parameters that are trained" : $"there is no layer '{name}'", "rates",
            $"{(known ? "" : NearestName.Suggestion(name, trained))}layers with trained parameters are {NearestName.List(trained)}");
    }
}
