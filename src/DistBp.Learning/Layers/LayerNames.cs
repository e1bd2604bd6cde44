namespace DistBp.Learning.Layers;

/// <summary>The names of a model's layers: given, or the kind and its number among those of its kind, as "dense2".</summary>
internal sealed class LayerNames
{
    public LayerNames(ModelDescription model, NetworkProblems problems)
    {
        All = new string[model.Layers.Count];
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < All.Length; i++)
        {
            LayerDescription layer = model.Layers[i];
            int number = numbers[layer.Kind] = numbers.GetValueOrDefault(layer.Kind) + 1;
            All[i] = layer.Name ?? $"{layer.Kind}{number}";
            if (!seen.Add(All[i])) problems.AddOfLayer($"two layers are named '{All[i]}'", All[i], "give each layer a name of its own");
        }
        foreach (string frozen in model.Frozen)
        {
            if (!seen.Contains(frozen))
                problems.Add($"there is no layer '{frozen}' to freeze", "freeze", $"the layers are {string.Join(", ", All)}");
        }
    }

    public string[] All { get; }
}
